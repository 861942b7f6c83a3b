import type { Clock } from '@onbehalf/oauth-protocol';
import { sql, type Kysely } from 'kysely';
import type { ProviderRecordTable, Schema } from '../database/schema/schema.js';
import { sha256 } from '../database/statements/hash.js';
import type { PendingEvent } from '../chain/pending-event.js';
import type { RecordWriter } from '../tokens/record-writer.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';

/** What the provider stores of a model. */
export interface ProviderPayload {
  readonly uid?: string;
  readonly userCode?: string;
  readonly grantId?: string;
  readonly [member: string]: unknown;
}

/** Seconds that a row outlives its payload, for the provider's own clock tolerance. */
const GRACE = 60;

/** Models whose records end with their grant. */
const GRANTED: ReadonlySet<string> = new Set([
  'AccessToken',
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
  'PreAuthorizedCode',
]);

/** Models whose storing takes the event that waits into its transaction: what makes a login, and what is consented to. */
const RECORDED: ReadonlySet<string> = new Set(['Interaction', 'Session', 'Grant']);

/** How what is stored comes into the audit trail. */
export interface Recording {
  readonly records: RecordWriter;
  readonly pending: PendingEvent;
}

/**
 * A code or token that was used a second time. Its members are the ones that the provider reads from an error, so that
 * the answer is `invalid_grant` with status 400 (RFC 6749 §5.2), never a server error.
 */
export class AlreadyConsumed extends Error {
  readonly error = 'invalid_grant';
  readonly error_description = 'grant request is invalid';
  readonly status = 400;
  readonly statusCode = 400;
  readonly expose = true;

  constructor(readonly model: string) {
    super('invalid_grant');
    this.name = 'AlreadyConsumed';
  }
}

/**
 * The provider's storage for one model. The ids are bearer secrets (session cookies, codes, refresh tokens): a row holds
 * their SHA-256, and the payload, which repeats them, is encrypted.
 */
export class ProviderAdapter {
  readonly #model: string;
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  readonly #clock: Clock;
  readonly #recording: Recording | undefined;

  constructor(model: string, database: Kysely<Schema>, sealing: SealingKeys, clock: Clock, recording?: Recording) {
    this.#model = model;
    this.#database = database;
    this.#sealing = sealing;
    this.#clock = clock;
    this.#recording = recording;
  }

  /** @throws AlreadyConsumed when a replay record exists already: the provider looks before it saves, which is a race */
  async upsert(id: string, payload: ProviderPayload, expiresIn?: number): Promise<void> {
    const row = this.#row(id, payload, expiresIn);
    const event = RECORDED.has(this.#model) ? this.#recording?.pending.take() : undefined;
    if (event) await this.#recording?.records.write({ event, also: (transaction) => this.#save(transaction, row) });
    else await this.#save(this.#database, row);
  }

  async #save(database: Kysely<Schema>, row: ProviderRecordTable): Promise<void> {
    const onlyOnce = this.#model === 'ReplayDetection';
    const saved = await database
      .insertInto('provider_records')
      .values(row)
      .onConflict((conflict) => {
        const update = conflict.columns(['model', 'id_hash']).doUpdateSet({
          ...changesOf(row),
          // saving again never makes a used code or token usable
          consumed_at: sql`coalesce(provider_records.consumed_at, excluded.consumed_at)`,
        });
        return onlyOnce ? update.where('provider_records.expires_at', '<', this.#clock()) : update;
      })
      .returning('model')
      .executeTakeFirst();
    if (!saved) throw new AlreadyConsumed(this.#model);
  }

  /** The record of this id; `undefined` when there is none, or it has expired. */
  async find(id: string): Promise<ProviderPayload | undefined> {
    return this.#findBy('id_hash', id);
  }

  /** The session of this uid; `undefined` when there is none, or it has expired. */
  async findByUid(uid: string): Promise<ProviderPayload | undefined> {
    return this.#findBy('uid_hash', uid);
  }

  /** The device code of this user code; `undefined` when there is none, or it has expired. RFC 8628 §3.3 */
  async findByUserCode(userCode: string): Promise<ProviderPayload | undefined> {
    return this.#findBy('user_code_hash', userCode);
  }

  /**
   * Single use (RFC 6749 §4.1.2, RFC 9700 §4.14.2): one conditional update decides.
   * @throws AlreadyConsumed when another use came first, also in another process
   */
  async consume(id: string): Promise<void> {
    const consumed = await this.#database
      .updateTable('provider_records')
      .set({ consumed_at: this.#clock() })
      .where('model', '=', this.#model)
      .where('id_hash', '=', sha256(id))
      .where('consumed_at', 'is', null)
      .returning('model')
      .executeTakeFirst();
    if (!consumed) throw new AlreadyConsumed(this.#model);
  }

  /** Deletes the record of this id. */
  async destroy(id: string): Promise<void> {
    await this.#database
      .deleteFrom('provider_records')
      .where('model', '=', this.#model)
      .where('id_hash', '=', sha256(id))
      .execute();
  }

  /** The provider asks each model in turn; the first call takes everything that the grant gave. */
  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#database
      .deleteFrom('provider_records')
      .where('grant_hash', '=', sha256(grantId))
      .where('model', 'in', [...GRANTED])
      .execute();
  }

  async #findBy(
    column: 'id_hash' | 'uid_hash' | 'user_code_hash',
    value: string,
  ): Promise<ProviderPayload | undefined> {
    const row = await this.#database
      .selectFrom('provider_records')
      .selectAll()
      .where('model', '=', this.#model)
      .where(column, '=', sha256(value))
      .where(sql<number>`coalesce(expires_at, ${Number.MAX_SAFE_INTEGER})`, '>', this.#clock())
      .executeTakeFirst();
    return row && this.#payload(row);
  }

  #row(id: string, payload: ProviderPayload, expiresIn?: number): ProviderRecordTable {
    const id_hash = sha256(id);
    const { consumed, ...members } = payload;
    const { value, sealedWith } = this.#sealing.seal(JSON.stringify(members), providerPlace(this.#model, id_hash));
    return {
      model: this.#model,
      id_hash,
      uid_hash: hashed(payload.uid),
      user_code_hash: hashed(payload.userCode),
      grant_hash: hashed(payload.grantId),
      payload: value,
      sealed_with: sealedWith,
      consumed_at: typeof consumed === 'number' ? consumed : null,
      expires_at: expiresIn === undefined ? null : this.#clock() + Math.ceil(expiresIn) + GRACE,
    };
  }

  #payload(row: ProviderRecordTable): ProviderPayload {
    const sealed = { value: row.payload, sealedWith: row.sealed_with };
    const text = this.#sealing.open(sealed, providerPlace(row.model, row.id_hash));
    const members = JSON.parse(text) as ProviderPayload;
    return row.consumed_at === null ? members : { ...members, consumed: row.consumed_at };
  }
}

/** Where the payload stands; bound into its encryption. */
export function providerPlace(model: string, idHash: string): string {
  return JSON.stringify(['provider_records', model, idHash]);
}

/** The columns that saving again replaces. */
function changesOf({ payload, sealed_with, uid_hash, user_code_hash, grant_hash, expires_at }: ProviderRecordTable) {
  return { payload, sealed_with, uid_hash, user_code_hash, grant_hash, expires_at };
}

function hashed(value: string | undefined): string | null {
  return value === undefined ? null : sha256(value);
}
