import { openDatabase, type OpenedDatabase } from '@onbehalf/authorization-store';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { DatabaseSettings } from '../settings.js';
import { makeTable, type RecordTables } from './records-table.js';
import { FOR_EVER, SharedRecords } from './shared-records.js';

/** The record that tells whether the keys are the right ones. */
const PROOF = 'proof';

/** What was opened, and the records in it. */
export interface OpenedRecords extends OpenedDatabase<RecordTables> {
  readonly records: SharedRecords;
}

/**
 * Opens what all replicas share.
 * @throws ConfigurationError for a database that cannot be opened, and for keys that are not those of the other replicas
 */
export async function openRecords(settings: DatabaseSettings): Promise<OpenedRecords> {
  const opened = await openDatabase<RecordTables>(settings);
  try {
    await makeTable(opened);
    const records = new SharedRecords(opened);
    await proveKeys(records);
    return { ...opened, records };
  } catch (error) {
    await opened.database.destroy();
    throw error;
  }
}

async function proveKeys(records: SharedRecords): Promise<void> {
  if ((await records.add('key', PROOF, '', FOR_EVER)) !== undefined) return;
  // by the key that is used now, so that an older one can be taken out
  if (await records.change('key', PROOF, (value) => value)) return;
  throw new ConfigurationError('ENCRYPTION_KEYS', '(not shown)', 'the keys with which this database was encrypted');
}
