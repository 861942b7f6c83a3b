import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import type { Registrations } from '../live/registrations.js';
import { ConfigurationReload } from './configuration-reload.js';

describe('a copy of the file that another replica has replaced', () => {
  it('has its mistakes told once, and again when it was in order meanwhile', async () => {
    const file = {} as ServerConfig;
    let follow = (): Promise<void> => Promise.resolve();
    const onBehind = (catchUp: typeof follow): void => void (follow = catchUp);
    const registrations = { file, onBehind, catchUp: () => Promise.resolve(false) } as unknown as Registrations;
    let wrong = true;
    const told: string[] = [];
    const readAgain = () => {
      if (wrong) throw new ConfigurationError('issuer', 'x', 'a URL');
      return { config: file };
    };
    const onRefused = (mistakes: readonly string[]): void => void told.push(...mistakes);
    new ConfigurationReload({ registrations, sections: [], readAgain, onReloaded: () => undefined, onRefused });
    for (const isWrong of [true, true, false, true]) {
      wrong = isWrong;
      await follow();
    }
    expect(told).toEqual(Array(2).fill('issuer is "x"; accepted: a URL'));
  });
});
