import { KeyTransitionRefused, type NewKey, type SigningKeyStore, type StoredKey } from '@onbehalf/authorization-ports';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { Kysely, Selectable, Transaction, Updateable } from 'kysely';
import { lastNumber, nextNumber } from '../database/statements/counters.js';
import type { Schema, SigningKeyState, SigningKeyTable } from '../database/schema/schema.js';
import type { RecordWriter, Tell } from '../tokens/record-writer.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';

/**
 * The signing keys of all replicas, encrypted: published → signing → retired → removed. One key signs per algorithm.
 * Steps are ordered by a lock, so replicas that rotate at the same time do it once.
 */
export class SqlSigningKeyStore implements SigningKeyStore {
  readonly #database: Kysely<Schema>;
  readonly #records: RecordWriter;
  readonly #sealing: SealingKeys;
  readonly #clock: Clock;

  constructor(database: Kysely<Schema>, records: RecordWriter, sealing: SealingKeys, clock: Clock) {
    this.#database = database;
    this.#records = records;
    this.#sealing = sealing;
    this.#clock = clock;
  }

  /** A number that grows with each change, for replicas that ask every few seconds. */
  revision(): Promise<number> {
    return lastNumber(this.#database, 'signing_keys');
  }

  /** All keys that are published, the oldest first. */
  async list(): Promise<StoredKey[]> {
    const rows = await this.#database
      .selectFrom('signing_keys')
      .selectAll()
      .where('state', '!=', 'removed')
      .orderBy('published_at')
      .orderBy('kid')
      .execute();
    return rows.map((row) => this.#read(row));
  }

  /**
   * Makes the first key of an algorithm sign at once.
   * @returns false when one signs already: another replica was first, and this key is not kept
   */
  async begin(key: NewKey): Promise<boolean> {
    return this.#change(async (transaction, tell) => {
      if (await signing(transaction, key.algorithm)) return false;
      await this.#insert(transaction, key, { state: 'signing', signing_at: this.#clock() });
      tell(keyChange('begin', key));
      return true;
    });
  }

  /** Publishes a key that will sign later, once every guard has seen it. */
  async publish(key: NewKey): Promise<void> {
    await this.#change(async (transaction, tell) => {
      await this.#insert(transaction, key, { state: 'published', signing_at: null });
      tell(keyChange('publish', key));
    });
  }

  /**
   * Lets a published key sign; the one that signed is retired and stays published.
   * @throws KeyTransitionRefused unless the key is published and does not sign yet
   */
  async sign(kid: string): Promise<void> {
    await this.#change(async (transaction, tell) => {
      const key = await this.#expect(transaction, kid, ['published']);
      await this.#promote(transaction, key);
      tell(keyChange('sign', key));
    });
  }

  /**
   * Takes a key out of the key set and erases its private part. If it signs, the oldest published key of its algorithm
   * takes over in the same step, which makes this the emergency removal too.
   * @throws KeyTransitionRefused when nobody could take over
   */
  async remove(kid: string): Promise<void> {
    await this.#change(async (transaction, tell) => {
      const key = await this.#expect(transaction, kid, ['published', 'signing', 'retired']);
      if (key.state === 'signing') tell(keyChange('sign', await this.#promoteSuccessor(transaction, key)));
      const removed = { state: 'removed', removed_at: this.#clock(), private_jwk: null, sealed_with: null } as const;
      await transaction.updateTable('signing_keys').set(removed).where('kid', '=', kid).execute();
      tell(keyChange('remove', key));
    });
  }

  async #promoteSuccessor(
    transaction: Transaction<Schema>,
    key: Selectable<SigningKeyTable>,
  ): Promise<Selectable<SigningKeyTable>> {
    const successor = await transaction
      .selectFrom('signing_keys')
      .selectAll()
      .where('algorithm', '=', key.algorithm)
      .where('state', '=', 'published')
      .orderBy('published_at')
      .orderBy('kid')
      .limit(1)
      .executeTakeFirst();
    if (!successor) throw new KeyTransitionRefused(key.kid, `signs; publish another ${key.algorithm} key first`);
    await this.#promote(transaction, successor);
    return successor;
  }

  async #promote(transaction: Transaction<Schema>, key: Selectable<SigningKeyTable>): Promise<void> {
    const set = (changes: Updateable<SigningKeyTable>) => transaction.updateTable('signing_keys').set(changes);
    await set({ state: 'retired', retired_at: this.#clock() })
      .where('algorithm', '=', key.algorithm)
      .where('state', '=', 'signing')
      .execute();
    await set({ state: 'signing', signing_at: this.#clock() }).where('kid', '=', key.kid).execute();
  }

  async #expect(transaction: Transaction<Schema>, kid: string, states: readonly SigningKeyState[]) {
    const key = await transaction.selectFrom('signing_keys').selectAll().where('kid', '=', kid).executeTakeFirst();
    if (!key) throw new KeyTransitionRefused(kid, 'does not exist');
    if (!states.includes(key.state)) throw new KeyTransitionRefused(kid, `is ${key.state}, not ${states.join(' or ')}`);
    return key;
  }

  /** The counter's row lock comes first, so that steps of several replicas follow one another. */
  async #change<Result>(work: (transaction: Transaction<Schema>, tell: Tell) => Promise<Result>): Promise<Result> {
    return this.#records.change(async (transaction, tell) => {
      await nextNumber(transaction, 'signing_keys');
      return work(transaction, tell);
    });
  }

  async #insert(
    transaction: Transaction<Schema>,
    { kid, algorithm, publicJwk, privateJwk }: NewKey,
    start: { state: SigningKeyState; signing_at: number | null },
  ): Promise<void> {
    const { value, sealedWith } = this.#sealing.seal(JSON.stringify(privateJwk), signingKeyPlace(kid));
    const sealed = { private_jwk: value, sealed_with: sealedWith };
    const times = { published_at: this.#clock(), retired_at: null, removed_at: null };
    await transaction
      .insertInto('signing_keys')
      .values({ kid, algorithm, public_jwk: JSON.stringify(publicJwk), ...sealed, ...start, ...times })
      .execute();
  }

  #read(row: Selectable<SigningKeyTable>): StoredKey {
    const sealed = { value: row.private_jwk ?? '', sealedWith: row.sealed_with ?? '' };
    return {
      kid: row.kid,
      algorithm: row.algorithm,
      state: row.state as StoredKey['state'],
      publicJwk: JSON.parse(row.public_jwk) as StoredKey['publicJwk'],
      privateJwk: JSON.parse(this.#sealing.open(sealed, signingKeyPlace(row.kid))) as StoredKey['publicJwk'],
      publishedAt: row.published_at,
      ...(row.signing_at === null ? {} : { signingAt: row.signing_at }),
      ...(row.retired_at === null ? {} : { retiredAt: row.retired_at }),
    };
  }
}

/** What the audit trail tells of a step, beside the retirement of the key that signed before. */
function keyChange(operation: string, { kid, algorithm }: { kid: string; algorithm: string }): object {
  return { type: 'key_change', outcome: 'accepted', operation, keyId: kid, algorithm };
}

async function signing(transaction: Transaction<Schema>, algorithm: string): Promise<boolean> {
  const key = await transaction
    .selectFrom('signing_keys')
    .select('kid')
    .where('algorithm', '=', algorithm)
    .where('state', '=', 'signing')
    .executeTakeFirst();
  return key !== undefined;
}

/** Where a private key stands; bound into its encryption. */
export function signingKeyPlace(kid: string): string {
  return JSON.stringify(['signing_keys', kid]);
}
