import type { Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import { storedRecords } from '../chain/stored-records.js';
import { ARCHIVED } from '../upkeep/archiving.js';
import { toAuditRecord } from './audit-query.js';

/** The newest archives are looked at: one that was made later may begin earlier. */
const NEWEST = 10;

/** Records before this time may be in archives. Each archive has a record here, until a later one takes it. */
export async function archivedBefore(database: Kysely<Schema>): Promise<Date | undefined> {
  const rows = await storedRecords(database)
    .where('type', '=', ARCHIVED)
    // only then the index of types is used
    .where('type', '<>', 'token_exchange')
    .orderBy('at', 'desc')
    .limit(NEWEST)
    .execute();
  const times = rows.map((row) => Date.parse(String(toAuditRecord(row).event['before']))).filter(Number.isFinite);
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}
