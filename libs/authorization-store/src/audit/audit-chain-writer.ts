import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from '../database/schema.js';
import type { SealingKeys } from '../sealing-keys.js';
import { CHAIN_OPENED, GENESIS, headText, nextRow, type ChainHead, type ChainRow } from './audit-chain.js';
import { AuditUnavailable, type AuditReceipt } from './audit-event.js';

/** Records of one commit, and records that may wait for one before more are refused. */
const GROUP = 200;
const BACKLOG = 10_000;

interface Waiting {
  readonly at: number;
  readonly event: string;
  readonly resolve: (receipt: AuditReceipt) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes the records of this process as one chain. All records that arrive while a commit is under way share the next
 * one, so the cost of a flush to disk is shared among them.
 */
export class AuditWriter {
  readonly writer = randomUUID();
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  #waiting: Waiting[] = [];
  #head: ChainHead | undefined;
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(database: Kysely<Schema>, sealing: SealingKeys) {
    this.#database = database;
    this.#sealing = sealing;
  }

  /** @throws AuditUnavailable when the record is not known to be durable */
  async append(event: object): Promise<AuditReceipt> {
    const text = JSON.stringify(event);
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new AuditUnavailable('The audit trail is closed'));
      if (this.#waiting.length >= BACKLOG) return reject(new AuditUnavailable('Too many audit records wait'));
      this.#waiting.push({ at: Date.now(), event: text, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Waits until everything that was appended is written or refused. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    // let every caller of this turn of the event loop join the first group
    await nextTurn();
    while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, GROUP));
    this.#writing = undefined;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    let rows: ChainRow[];
    try {
      rows = await this.#database.transaction().execute((transaction) => this.#commit(transaction, group));
    } catch (cause) {
      // the commit may have taken place although its answer was lost: the next group asks where the chain stands
      this.#head = undefined;
      // who waits behind this group would only wait for the same outage, one time-out after the other
      const refused = [...group, ...this.#waiting.splice(0)];
      for (const { reject } of refused)
        reject(new AuditUnavailable('The audit record could not be written', { cause }));
      return;
    }
    const { sequence, hash } = rows[rows.length - 1] as ChainRow;
    this.#head = { sequence, hash };
    const own = rows.slice(-group.length);
    group.forEach(({ resolve }, index) => {
      const { writer, sequence, hash } = own[index] as ChainRow;
      resolve({ writer, sequence, hash });
    });
  }

  async #commit(transaction: Transaction<Schema>, group: readonly Waiting[]): Promise<ChainRow[]> {
    const rows: ChainRow[] = [];
    let head = this.#head ?? (await this.#storedHead(transaction));
    const add = (at: number, event: string) => {
      const row = nextRow(this.writer, head ?? { sequence: -1, hash: GENESIS }, at, event);
      rows.push(row);
      head = row;
    };
    if (!head) add(group[0]?.at ?? Date.now(), await this.#opening(transaction));
    for (const { at, event } of group) add(at, event);
    await transaction.insertInto('audit_records').values(rows).execute();
    await this.#saveHead(transaction, head as ChainHead);
    return rows;
  }

  /** The first record holds the heads of all other chains, so that a chain cannot be cut or taken away unseen. */
  async #opening(transaction: Transaction<Schema>): Promise<string> {
    const heads = await transaction
      .selectFrom('audit_heads')
      .select(['writer', 'sequence', 'hash'])
      .orderBy('writer')
      .execute();
    return JSON.stringify({ type: CHAIN_OPENED, heads });
  }

  async #storedHead(transaction: Transaction<Schema>): Promise<ChainHead | undefined> {
    return transaction
      .selectFrom('audit_heads')
      .select(['sequence', 'hash'])
      .where('writer', '=', this.writer)
      .executeTakeFirst();
  }

  async #saveHead(transaction: Transaction<Schema>, { sequence, hash }: ChainHead): Promise<void> {
    const seal = this.#sealing.authenticate(headText(this.writer, { sequence, hash }));
    const head = { sequence, hash, seal, sealed_with: this.#sealing.current };
    await transaction
      .insertInto('audit_heads')
      .values({ writer: this.writer, ...head })
      .onConflict((conflict) => conflict.column('writer').doUpdateSet(head))
      .execute();
  }
}
