import type { AuditNode, AuditTree } from '@onbehalf/authorization-ports';
import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import { indexable } from '../database/statements/hash.js';
import { storedRecords, type StoredRecord } from '../chain/stored-records.js';
import { toAuditRecord } from './audit-query.js';

/** Records of one trace that are shown at most. */
const LIMIT = 10_000;

/**
 * The records of one trace: each stands below the one that issued its subject token. Of a trace that is too long, what was
 * issued is shown before what was refused, and the newest of it: nobody hides an exchange behind forged ones.
 */
export async function auditTree(database: Kysely<Schema>, traceId: string, limit = LIMIT): Promise<AuditTree> {
  const issued = await newest(database, traceId, true, limit + 1);
  const others = issued.length > limit ? [] : await newest(database, traceId, false, limit + 1 - issued.length);
  const found = [...issued, ...others];
  return { nodes: toTree(found.slice(0, limit).toSorted(inOrder)), cut: found.length > limit };
}

function newest(database: Kysely<Schema>, traceId: string, issued: boolean, limit: number): Promise<StoredRecord[]> {
  return storedRecords(database)
    .where('trace_id', '=', indexable(traceId))
    .where((row) =>
      issued ? row('outcome', '=', 'issued') : row.or([row('outcome', '!=', 'issued'), row('outcome', 'is', null)]),
    )
    .orderBy('at', 'desc')
    .orderBy('writer', 'desc')
    .orderBy('sequence', 'desc')
    .limit(limit)
    .execute();
}

function inOrder(one: StoredRecord, other: StoredRecord): number {
  return (
    one.at - other.at ||
    (one.writer < other.writer ? -1 : Number(one.writer > other.writer)) ||
    one.sequence - other.sequence
  );
}

function toTree(rows: readonly StoredRecord[]): AuditNode[] {
  const nodes = rows.map((row, place) => ({ row, place, record: toAuditRecord(row), children: [] as AuditNode[] }));
  const issuers = new Map(nodes.filter(({ row }) => row.jti !== null).map((node) => [node.row.jti, node]));
  const roots: AuditNode[] = [];
  for (const { row, place, record, children } of nodes) {
    const parent = row.parent_jti === null ? undefined : issuers.get(row.parent_jti);
    // a token is issued before it is exchanged, which also keeps a forged loop from swallowing its records
    const below = parent && parent.place < place;
    (below ? parent.children : roots).push({ record, children });
  }
  return roots;
}
