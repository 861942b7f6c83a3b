import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema.js';
import { indexable } from '../hash.js';
import type { AuditRecord } from './audit-event.js';
import { toAuditRecord } from './audit-query.js';

/** A record and the records of what was made from the token that it issued. */
export interface AuditNode {
  readonly record: AuditRecord;
  readonly children: readonly AuditNode[];
}

/** Records of one trace that are read; a trace that is longer is cut. */
const LIMIT = 10_000;

/** The chain of exchanges of one trace: each exchange stands below the one that issued its subject token. */
export async function auditTree(database: Kysely<Schema>, traceId: string): Promise<AuditNode[]> {
  const rows = await database
    .selectFrom('audit_records')
    .selectAll()
    .where('trace_id', '=', indexable(traceId))
    .orderBy('at')
    .orderBy('writer')
    .orderBy('sequence')
    .limit(LIMIT)
    .execute();
  const nodes = rows.map((row) => ({ row, record: toAuditRecord(row), children: [] as AuditNode[] }));
  const issuers = new Map(nodes.filter(({ row }) => row.jti !== null).map((node) => [node.row.jti, node]));
  const roots: AuditNode[] = [];
  for (const node of nodes) {
    const parent = node.row.parent_jti === null ? undefined : issuers.get(node.row.parent_jti);
    // a token is issued before it is exchanged, which also keeps a forged loop from swallowing its records
    const below = parent && nodes.indexOf(parent) < nodes.indexOf(node);
    (below ? parent.children : roots).push({ record: node.record, children: node.children });
  }
  return roots;
}
