import {
  type AuditPage,
  type AuditQuery,
  type AuditReader,
  type AuditRecord,
  type AuditTree,
  AuditUnavailable,
  type RecordedEvent,
} from '@onbehalf/authorization-ports';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import type { RecordWriter } from '../tokens/record-writer.js';
import { timedEvent } from '../chain/audit-chain.js';
import type { AuditReceipt } from '../chain/audit-receipt.js';
import { usedClients } from '../chain/used-clients.js';
import { exportAudit, findAuditRecord, queryAudit, type ReadTrail } from './audit-query.js';
import { archivedBefore } from './archived-before.js';
import { auditTree } from './audit-tree.js';
import { acknowledgementEvent, type Acknowledgement, type AuditGap } from '../verification/audit-gap.js';
import { countArchived, oldestRecord, planArchive } from '../upkeep/archive-plan.js';
import { giveUpArchive, type LostArchive } from '../upkeep/lost-archive.js';
import { archiveTrail, type ArchiveOptions, type ArchiveOutcome } from '../upkeep/archiving.js';
import {
  verifyAudit,
  type AuditAnchor,
  type AuditVerification,
  type VerificationOptions,
} from '../verification/verify-audit.js';

/** The append-only audit trail. */
export class AuditLog implements AuditReader {
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  readonly #records: RecordWriter;
  readonly #trail: ReadTrail;

  constructor(trail: ReadTrail, sealing: SealingKeys, records: RecordWriter) {
    this.#trail = trail;
    this.#database = trail.database;
    this.#sealing = sealing;
    this.#records = records;
  }

  /** The name of the chain that this process writes. */
  get writer(): string {
    return this.#records.writer;
  }

  /**
   * Appends a record; resolves when it is durable, and only then may what it tells about take effect.
   * @throws AuditUnavailable
   */
  async append<Event extends object>(event: Event & RecordedEvent): Promise<AuditReceipt> {
    const { receipt } = await orUnavailable(this.#records.write({ event: timedEvent(event, Date.now()) }));
    return receipt as AuditReceipt;
  }

  /** Checks all chains; see `verifyAudit`. */
  verify(options?: VerificationOptions): Promise<AuditVerification> {
    return verifyAudit({ ...this.#trail, sealing: this.#sealing }, options);
  }

  /** What {@link archive} would write: how many records of how many chains. */
  async archivable(before: number): Promise<{ readonly chains: number; readonly records: number }> {
    const segments = await planArchive(this.#database, before);
    return { chains: segments.length, records: await countArchived(this.#database, segments) };
  }

  /** Moves the old part of the trail into a file; see `archiveTrail`. A trail that is not whole must not be archived. */
  archive(options: ArchiveOptions): Promise<ArchiveOutcome> {
    const parts = { database: this.#database, sealing: this.#sealing, records: this.#records };
    return archiveTrail({ ...parts, verify: () => this.verify() }, options);
  }

  /** When the oldest record was written that can be archived, in milliseconds since the epoch. */
  oldest(): Promise<number | undefined> {
    return oldestRecord(this.#database);
  }

  /**
   * Records that these gaps are known, so that verifications accept them from now on and tell who said so. None counts for the
   * chain that it stands in, which is this process's.
   * @param gaps as {@link verify} has found them
   * @throws AuditUnavailable
   */
  async acknowledge(gaps: readonly AuditGap[], acknowledgement: Acknowledgement): Promise<void> {
    for (const gap of gaps) await this.append(acknowledgementEvent(gap, acknowledgement));
  }

  /** Records that an archive is lost for good, and what is gone with it; see `giveUpArchive`. */
  acknowledgeLost(lost: LostArchive, acknowledgement: Acknowledgement): Promise<void> {
    return giveUpArchive({ records: this.#records, sealing: this.#sealing }, lost, acknowledgement);
  }

  /** The newest record of each chain, to be kept outside of the database and given to `verify` later. */
  heads(): Promise<AuditAnchor[]> {
    return this.#database.selectFrom('audit_heads').select(['writer', 'sequence', 'hash']).orderBy('writer').execute();
  }

  /** @throws InvalidCursor */
  query(query: AuditQuery): Promise<AuditPage> {
    return queryAudit(this.#trail, query);
  }

  /** All records that match, the oldest first, for an export as JSON Lines. */
  export(query: Omit<AuditQuery, 'limit'> = {}): AsyncGenerator<AuditRecord> {
    return exportAudit(this.#trail, query);
  }

  /** The record at one place of the trail, if there is one. */
  find(writer: string, sequence: number): Promise<AuditRecord | undefined> {
    return findAuditRecord(this.#database, writer, sequence);
  }

  /** The clients to which something was issued by an exchange for one life of an account. */
  usedClients(subject: string, life: number): Promise<string[]> {
    return usedClients(this.#database, subject, life);
  }

  /** Records before this time may be in archives; `undefined` while there is none. */
  archivedBefore(): Promise<Date | undefined> {
    return archivedBefore(this.#database);
  }

  /**
   * The records of one trace, as a tree.
   * @param limit records that are shown at most; 10,000 unless told
   */
  tree(traceId: string, limit?: number): Promise<AuditTree> {
    return auditTree(this.#database, traceId, limit);
  }
}

/** @throws AuditUnavailable when the record is not known to be durable */
export async function orUnavailable<Outcome>(written: Promise<Outcome>): Promise<Outcome> {
  try {
    return await written;
  } catch (cause) {
    throw new AuditUnavailable('The audit record could not be written', { cause });
  }
}
