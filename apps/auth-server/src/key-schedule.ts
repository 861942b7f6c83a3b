import type { KeySchedule, ServerConfig } from '@onbehalf/authorization-server';
import type { Settings } from './environment.js';

/** A key is published for as long as anything that it signed may come back: an ID token does at logout. */
export function keySchedule(settings: Settings, { lifetimes }: ServerConfig): KeySchedule {
  const { KEY_SIGN_FOR: signFor, KEY_PUBLISH_AHEAD: publishAhead } = settings;
  const longest = Math.max(lifetimes.accessToken, lifetimes.session);
  return { signFor, publishAhead, retireFor: settings.KEY_RETIRE_FOR ?? longest + 60 };
}
