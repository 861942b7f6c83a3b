import { Inject, Injectable } from '@nestjs/common';
import { KeysUnavailable } from '@onbehalf/jwt-verification';
import type { ResourceServerSettings } from './settings/resource-server-settings.js';
import { RevocationUnknown } from './revocation/revocation-check.js';
import { RESOURCE_SERVER_SETTINGS } from './settings/resource-server.tokens.js';

/** What Terminus takes as the result of an indicator. */
export type HealthResult<Key extends string> = Record<Key, { status: 'up' | 'down'; message?: string }>;

/** Ready once keys and revocations of every issuer have been fetched; until then guarded routes answer 503. */
@Injectable()
export class AuthorizationServerHealthIndicator {
  readonly #settings: ResourceServerSettings;

  constructor(@Inject(RESOURCE_SERVER_SETTINGS) settings: ResourceServerSettings) {
    this.#settings = settings;
  }

  /** How many attempts to get keys or revocations have failed since the start, by what was out of reach. For metrics. */
  failures(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#settings.outages.failures);
  }

  /** `up` when all keys and revocations are at hand, else `down` with what is out of reach. Fetches what is not at hand. */
  async check<const Key extends string>(key: Key): Promise<HealthResult<Key>> {
    try {
      const { issuers, revocation } = this.#settings;
      await Promise.all(issuers.map(async ({ keys }) => keys.ready?.()));
      await Promise.all(revocation.map(async (check) => check.ready?.()));
    } catch (error) {
      if (!(error instanceof KeysUnavailable || error instanceof RevocationUnknown)) throw error;
      const causes = [...this.#settings.outages.causes].map(([what, cause]) => `cannot get ${what}: ${cause}`);
      return { [key]: { status: 'down', message: [error.message, ...causes].join('; ') } } as HealthResult<Key>;
    }
    return { [key]: { status: 'up' } } as HealthResult<Key>;
  }
}
