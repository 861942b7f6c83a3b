import type { ReplayDetection } from '@onbehalf/authorization-ports';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import { sha256 } from '../database/statements/hash.js';

/** Tells the first use of a key (a `jti` with its issuer, a nonce) from every later one, across all processes. */
export class SqlReplayDetection implements ReplayDetection {
  readonly #database: Kysely<Schema>;
  readonly #clock: Clock;

  constructor(database: Kysely<Schema>, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Uses the key. One insert decides, so of any number of concurrent uses exactly one is the first.
   * @param key unambiguous, e.g. `JSON.stringify([issuer, jti])`
   * @param expiresAt seconds since the epoch; until then a second use is a replay
   * @returns false on a replay
   */
  async use(key: string, expiresAt: number): Promise<boolean> {
    const row = { key_hash: sha256(key), expires_at: Math.ceil(expiresAt) };
    const used = await this.#database
      .insertInto('replays')
      .values(row)
      .onConflict((conflict) =>
        conflict
          .column('key_hash')
          .doUpdateSet({ expires_at: row.expires_at })
          .where('replays.expires_at', '<', this.#clock()),
      )
      .returning('key_hash')
      .executeTakeFirst();
    return used !== undefined;
  }
}
