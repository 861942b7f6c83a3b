import { randomBytes } from 'node:crypto';
import type { SealingKeys } from '@onbehalf/authorization-store';

/**
 * What cookies are signed and states encrypted with: SESSION_SECRET, else secrets that follow from the keys of the store, so that all replicas
 * have the same and a restart changes nothing. The first is used, all are accepted.
 */
export class CookieSecrets {
  readonly all: readonly [string, ...string[]];

  constructor(sealing: SealingKeys, given?: string) {
    const derived = sealing.ids.map((id) => sealing.authenticate('cookies of client-app', id));
    const [first = randomBytes(32).toString('base64url'), ...others] = given === undefined ? derived : [given];
    this.all = [first, ...others];
  }
}
