import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TableDeclaration } from '@onbehalf/authorization-ports';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import { allSealed, type SealedColumn, type SealedRow } from './sealed-columns.js';

const BATCH = 200;

/**
 * Encrypts with the current key whatever is encrypted with an older one, in bounded batches, while the server runs.
 * Afterwards the older keys can be taken out of the configuration.
 * @returns how many values were encrypted anew
 * @throws SealBroken for a value whose key is not given, or that was changed
 */
export async function reencrypt(
  database: Kysely<Schema>,
  sealing: SealingKeys,
  tables: readonly TableDeclaration[] = [],
): Promise<number> {
  let count = 0;
  for (const sealed of allSealed(tables)) {
    for (;;) {
      const batch = await reencryptBatch(database, sealing, sealed);
      count += batch.changed;
      // SQLite answers at once: let the requests have their turn
      await nextTurn();
      if (batch.read < BATCH) break;
    }
  }
  return count;
}

async function reencryptBatch(
  database: Kysely<Schema>,
  sealing: SealingKeys,
  { table, key, column, sealedWith: keyColumn, reseal }: SealedColumn,
) {
  const columns = sql.join([...key, column, keyColumn].map((name) => sql.ref(name)));
  const { rows } = await sql<SealedRow>`select ${columns} from ${sql.table(table)}
    where ${sql.ref(keyColumn)} <> ${sealing.current} limit ${BATCH}`.execute(database);
  let changed = 0;
  for (const row of rows) {
    const { value, sealedWith } = reseal(row, sealing);
    const same = sql.join(
      [...key, column].map((name) => sql`${sql.ref(name)} = ${row[name]}`),
      sql` and `,
    );
    // a row that was changed meanwhile is left alone: whoever changed it has sealed it with the current key
    const result = await sql`update ${sql.table(table)}
      set ${sql.ref(column)} = ${value}, ${sql.ref(keyColumn)} = ${sealedWith} where ${same}`.execute(database);
    changed += Number(result.numAffectedRows ?? 0);
  }
  return { read: rows.length, changed };
}
