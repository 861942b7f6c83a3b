import type { Clock } from '@onbehalf/oauth-protocol';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';

/** Secrets that all replicas must have alike, such as the keys of the cookies and the DPoP nonce secret. */
export class SharedSecrets {
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  readonly #clock: Clock;

  constructor(database: Kysely<Schema>, sealing: SealingKeys, clock: Clock) {
    this.#database = database;
    this.#sealing = sealing;
    this.#clock = clock;
  }

  /** The secret of that name. The first replica that asks makes it, the others get the same. */
  async get(name: string, create: () => string): Promise<string> {
    const stored = await this.#find(name);
    if (stored !== undefined) return stored;
    const { value, sealedWith } = this.#sealing.seal(create(), sharedSecretPlace(name));
    await this.#database
      .insertInto('shared_secrets')
      .values({ name, value, sealed_with: sealedWith, created_at: this.#clock() })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .execute();
    return (await this.#find(name)) as string;
  }

  async #find(name: string): Promise<string | undefined> {
    const row = await this.#database
      .selectFrom('shared_secrets')
      .selectAll()
      .where('name', '=', name)
      .executeTakeFirst();
    return row && this.#sealing.open({ value: row.value, sealedWith: row.sealed_with }, sharedSecretPlace(name));
  }
}

/** Where a secret stands; bound into its encryption. */
export function sharedSecretPlace(name: string): string {
  return JSON.stringify(['shared_secrets', name]);
}
