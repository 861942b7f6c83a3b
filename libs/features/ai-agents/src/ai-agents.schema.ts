import type { ServerConfig } from '@onbehalf/authorization-server';
import { AI_AGENT, isOfProfile } from '@onbehalf/oauth-protocol';
import { z } from 'zod';

/** The name of the section. */
export const SECTION = 'aiAgents';

/**
 * The audience of the tokens by which agents prove to this server that it is they who act. Nothing else takes such tokens. A resource
 * of this name must be registered, with the scope {@link ACT_SCOPE} alone.
 */
export const ACTOR_AUDIENCE = 'auth-server-actors';

/** What such a token is good for. */
export const ACT_SCOPE = 'act';

const DAY = 86_400;

export const settingsSchema = z
  .strictObject({
    longestConsent: z
      .int('whole seconds')
      .min(3600, 'no less than 3600 seconds')
      .max(10 * 366 * DAY, 'no more than ten years')
      .default(365 * DAY)
      .describe('seconds for which a user can let an agent act at most; then the user is asked again'),
  })
  .optional()
  .describe('AI agents act for users, as far and as long as these have allowed it');

export type AiAgentsSettings = NonNullable<z.infer<typeof settingsSchema>>;

/** Whether a client is an AI agent. */
export function isAgent({ subProfile }: { readonly subProfile?: string | undefined }): boolean {
  return isOfProfile(AI_AGENT, subProfile);
}

/** A scope at a resource, or at whatever else tokens can be asked for. */
export interface Access {
  readonly audience: string;
  readonly scope: string;
}

/** All that an agent can be allowed: what its edges lead to. */
export function accessOf({ edges }: Pick<ServerConfig, 'edges'>, agent: string): readonly Access[] {
  const own = edges.filter(({ client, enabled }) => enabled && client === agent);
  const all = own.flatMap(({ target: audience, scopes }) => Object.keys(scopes).map((scope) => ({ audience, scope })));
  return [...new Map(all.map((access) => [keyOf(access), access])).values()];
}

/** By which two of them are compared. */
export function keyOf({ audience = '', scope }: { readonly audience?: string; readonly scope: string }): string {
  return JSON.stringify([audience, scope]);
}
