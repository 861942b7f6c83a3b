import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import type { SealingKeys } from '../sealing-keys.js';
import type { AuditEvent, AuditReceipt, AuditRecord } from './audit-event.js';
import { exportAudit, queryAudit, type AuditPage, type AuditQuery } from './audit-query.js';
import { auditTree, type AuditNode } from './audit-tree.js';
import { verifyAudit, type AuditAnchor, type AuditVerification } from './audit-verification.js';
import { AuditWriter } from './audit-writer.js';

/** The append-only audit trail. */
export class AuditLog {
  readonly #database: Kysely<Schema>;
  readonly #sealing: SealingKeys;
  readonly #writer: AuditWriter;

  constructor(database: Kysely<Schema>, sealing: SealingKeys) {
    this.#database = database;
    this.#sealing = sealing;
    this.#writer = new AuditWriter(database, sealing);
  }

  /**
   * Appends a record; resolves when it is durable, and only then may what it tells about take effect.
   * @throws AuditUnavailable
   */
  append<Event extends object>(event: Event & AuditEvent): Promise<AuditReceipt> {
    return this.#writer.append(event);
  }

  /** The chain of this process. */
  get writer(): string {
    return this.#writer.writer;
  }

  /** Checks all chains; see `verifyAudit`. */
  verify(anchors?: readonly AuditAnchor[]): Promise<AuditVerification> {
    return verifyAudit(this.#database, this.#sealing, anchors);
  }

  /** The newest record of each chain, to be kept outside of the database and given to `verify` later. */
  heads(): Promise<AuditAnchor[]> {
    return this.#database.selectFrom('audit_heads').select(['writer', 'sequence', 'hash']).orderBy('writer').execute();
  }

  /** @throws InvalidCursor */
  query(query: AuditQuery): Promise<AuditPage> {
    return queryAudit(this.#database, query);
  }

  /** All records that match, the oldest first, for an export as JSON Lines. */
  export(query: Omit<AuditQuery, 'limit'> = {}): AsyncGenerator<AuditRecord> {
    return exportAudit(this.#database, query);
  }

  /** The chain of exchanges of one trace. */
  tree(traceId: string): Promise<AuditNode[]> {
    return auditTree(this.#database, traceId);
  }

  /** Waits for the records that are under way. */
  close(): Promise<void> {
    return this.#writer.close();
  }
}
