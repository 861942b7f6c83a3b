import type { Clock } from '@onbehalf/oauth-protocol';
import type { Kysely, Transaction } from 'kysely';
import type { AuditReceipt } from '../chain/audit-receipt.js';
import { timedEvent, type TimedEvent } from '../chain/audit-chain.js';
import type { AuditChainWriter } from '../chain/audit-chain-writer.js';
import { BatchQueue } from '../database/statements/batch-queue.js';
import type { Dialect } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';
import { IssuanceStatement } from './issuance-statement.js';
import { excludingRevocations } from './revocation-lock.js';
import type { TokenInsertion, TokenRow } from './token-insertion.js';

/** What is to become durable together: a token's entry in the index, an audit record, or both. */
export interface RecordEntry {
  readonly token?: TokenRow;
  /** Left out of the trail when the token must not leave. */
  readonly event?: TimedEvent;
  /** What else is stored in the same transaction. It fails only when the database does. */
  readonly also?: (work: Transaction<Schema>) => Promise<unknown>;
}

export interface RecordOutcome {
  /** Something that the token derives from was revoked meanwhile: it must not leave. */
  readonly revoked: boolean;
  /** Of the audit record, if one was written. */
  readonly receipt?: AuditReceipt;
}

/** Adds an event to the trail, in the transaction that stores what it tells about. */
export type Tell = (event: object) => void;

/** Writes tokens and audit records; all that arrive together share one transaction. */
export class RecordWriter {
  readonly #database: Kysely<Schema>;
  readonly #dialect: Dialect;
  /** Where the database knows such a statement. */
  readonly #atOnce: IssuanceStatement | undefined;
  readonly #tokens: TokenInsertion;
  readonly #chain: AuditChainWriter;
  readonly #clock: Clock;
  readonly #queue = new BatchQueue<RecordEntry, RecordOutcome>((entries) => this.#commit(entries));

  constructor(
    database: Kysely<Schema>,
    dialect: Dialect,
    tokens: TokenInsertion,
    chain: AuditChainWriter,
    clock: Clock,
  ) {
    this.#database = database;
    this.#dialect = dialect;
    this.#atOnce = dialect === 'postgres' ? new IssuanceStatement(database, chain.columns) : undefined;
    this.#tokens = tokens;
    this.#chain = chain;
    this.#clock = clock;
  }

  /** The name of the audit chain that is written here. */
  get writer(): string {
    return this.#chain.writer;
  }

  /**
   * Resolves when the entry is durable.
   * @throws BatchRefused, or the error of the database
   */
  write(entry: RecordEntry): Promise<RecordOutcome> {
    return this.#queue.add(entry);
  }

  /**
   * Runs a transaction of its own that tells what it does: all of it takes place and is on record, or neither. It must not
   * wait for anything else that is written here.
   * @throws what the work throws, and nothing is recorded
   */
  change<Result>(work: (transaction: Transaction<Schema>, tell: Tell) => Promise<Result>): Promise<Result> {
    return this.#queue.alone(() =>
      this.#committing(() =>
        this.#database.transaction().execute(async (transaction) => {
          const events: TimedEvent[] = [];
          const result = await work(transaction, (event) => events.push(timedEvent(event, Date.now())));
          await this.#chain.append(transaction, events);
          return result;
        }),
      ),
    );
  }

  /** Waits until everything is written or refused. */
  async close(): Promise<void> {
    await this.#queue.close();
    await this.#chain.close();
  }

  #commit(entries: readonly RecordEntry[]): Promise<RecordOutcome[]> {
    return this.#committing(async () => (await this.#writeAtOnce(entries)) ?? (await this.#transaction(entries)));
  }

  async #committing<Result>(write: () => Promise<Result>): Promise<Result> {
    try {
      const result = await write();
      this.#chain.committed();
      return result;
    } catch (error) {
      this.#chain.forget();
      throw error;
    }
  }

  /** @returns `undefined`, and nothing is written, when the database has to be asked something first */
  async #writeAtOnce(entries: readonly RecordEntry[]): Promise<RecordOutcome[] | undefined> {
    const tokens = entries.flatMap(({ token }) => token ?? []);
    // records alone need not wait for revocations
    if (!this.#atOnce || tokens.length === 0 || entries.some(({ also }) => also)) return undefined;
    const recorded = entries.filter(({ event }) => event);
    const records = this.#chain.continued(recorded.flatMap(({ event }) => event ?? []));
    if (!records || !(await this.#atOnce.execute(tokens, records))) return undefined;
    return outcomesOf(entries, recorded, records.receipts);
  }

  #transaction(entries: readonly RecordEntry[]): Promise<RecordOutcome[]> {
    const work = (transaction: Transaction<Schema>) => this.#writeAll(transaction, entries);
    return entries.some(({ token }) => token)
      ? excludingRevocations(this.#database, this.#dialect, work)
      : this.#database.transaction().execute(work);
  }

  async #writeAll(work: Transaction<Schema>, entries: readonly RecordEntry[]): Promise<RecordOutcome[]> {
    const tokens = entries.flatMap(({ token }) => token ?? []);
    const revoked = tokens.length > 0 ? await this.#tokens.insert(work, tokens, this.#clock()) : new Set<TokenRow>();
    for (const { also } of entries) await also?.(work);
    const mayLeave = ({ token }: RecordEntry): boolean => token === undefined || !revoked.has(token);
    const recorded = entries.filter((entry) => entry.event && mayLeave(entry));
    const receipts = await this.#chain.append(
      work,
      recorded.flatMap(({ event }) => event ?? []),
    );
    return outcomesOf(entries, recorded, receipts, mayLeave);
  }
}

function outcomesOf(
  entries: readonly RecordEntry[],
  recorded: readonly RecordEntry[],
  receipts: readonly AuditReceipt[],
  mayLeave: (entry: RecordEntry) => boolean = () => true,
): RecordOutcome[] {
  const receiptOf = new Map(recorded.map((entry, index) => [entry, receipts[index]]));
  return entries.map((entry) => {
    const receipt = receiptOf.get(entry);
    return { revoked: !mayLeave(entry), ...(receipt && { receipt }) };
  });
}
