import { sql, type Kysely, type Selectable } from 'kysely';
import { decodeCursor, encodeCursor } from '../cursor.js';
import type { AuditRecordTable, Schema } from '../database/schema.js';
import type { AuditRecord } from './audit-event.js';

/** What to look for; all that is given must match. */
export interface AuditQuery {
  readonly client?: string;
  readonly subject?: string;
  /** The current actor. */
  readonly actor?: string;
  /** A token that was issued, or one that was exchanged. */
  readonly jti?: string;
  readonly traceId?: string;
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
  /** Of the page before. */
  readonly cursor?: string;
  /** 100 unless told, at most 1000. */
  readonly limit?: number;
}

export interface AuditPage {
  /** Newest first. */
  readonly records: readonly AuditRecord[];
  /** Where the next page begins; left out on the last page. */
  readonly cursor?: string;
}

const DEFAULT_LIMIT = 100;
const LIMIT = 1000;
const COLUMNS = { client: 'client_id', subject: 'subject', actor: 'actor', traceId: 'trace_id' } as const;

/** @throws InvalidCursor */
export async function queryAudit(database: Kysely<Schema>, query: AuditQuery): Promise<AuditPage> {
  const limit = Math.min(Math.max(query.limit ?? DEFAULT_LIMIT, 1), LIMIT);
  let select = database.selectFrom('audit_records').selectAll();
  for (const [name, column] of Object.entries(COLUMNS)) {
    const value = query[name as keyof typeof COLUMNS];
    if (value !== undefined) select = select.where(column, '=', value);
  }
  const { jti, from, to, cursor } = query;
  if (jti !== undefined) {
    select = select.where((expression) =>
      expression.or([expression('jti', '=', jti), expression('parent_jti', '=', jti)]),
    );
  }
  if (from) select = select.where('at', '>=', from.getTime());
  if (to) select = select.where('at', '<', to.getTime());
  if (cursor !== undefined) {
    const [at, writer, sequence] = decodeCursor<[number, string, number]>(cursor, ['number', 'string', 'number']);
    select = select.where(sql<boolean>`(at, writer, sequence) < (${at}, ${writer}, ${sequence})`);
  }
  const rows = await select
    .orderBy('at', 'desc')
    .orderBy('writer', 'desc')
    .orderBy('sequence', 'desc')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  const next = last && { cursor: encodeCursor([last.at, last.writer, last.sequence]) };
  return { records: page.map(toAuditRecord), ...next };
}

export function toAuditRecord(row: Selectable<AuditRecordTable>): AuditRecord {
  return {
    writer: row.writer,
    sequence: row.sequence,
    at: new Date(row.at).toISOString(),
    hash: row.hash,
    event: JSON.parse(row.event) as Record<string, unknown>,
  };
}
