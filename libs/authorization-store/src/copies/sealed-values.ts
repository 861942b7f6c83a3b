import { setImmediate as nextTurn } from 'node:timers/promises';
import { SealBroken, type TableDeclaration } from '@onbehalf/authorization-ports';
import { sql, type Kysely } from 'kysely';
import type { Schema } from '../database/schema/schema.js';
import type { SealingKeys } from '../sealing/sealing-keys.js';
import { allSealed, type SealedColumn, type SealedRow } from '../upkeep/sealed-columns.js';

const PAGE = 1000;

/** What is sealed in a database, and what of it no key opens. */
export interface SealedValues {
  readonly values: number;
  /** How many values of a table cannot be opened; tables of which all can are not named. */
  readonly unopened: ReadonlyMap<string, number>;
}

/** Opens whatever is sealed. Changes nothing. */
export async function openSealedValues(
  database: Kysely<Schema>,
  sealing: SealingKeys,
  tables: readonly TableDeclaration[] = [],
): Promise<SealedValues> {
  const unopened = new Map<string, number>();
  let values = 0;
  for (const sealed of allSealed(tables)) {
    for await (const rows of pagesOf(database, sealed)) {
      values += rows.length;
      const failed = rows.filter((row) => !opens(row, sealed, sealing)).length;
      if (failed > 0) unopened.set(sealed.table, (unopened.get(sealed.table) ?? 0) + failed);
    }
  }
  return { values, unopened };
}

function opens(row: SealedRow, { reseal }: SealedColumn, sealing: SealingKeys): boolean {
  try {
    reseal(row, sealing);
    return true;
  } catch (error) {
    if (error instanceof SealBroken) return false;
    throw error;
  }
}

async function* pagesOf(database: Kysely<Schema>, sealed: SealedColumn): AsyncGenerator<SealedRow[]> {
  const { table, key, column, sealedWith } = sealed;
  const columns = sql.join([...key, column, sealedWith].map((name) => sql.ref(name)));
  const place = sql.join(key.map((name) => sql.ref(name)));
  let after = sql`true`;
  for (;;) {
    const { rows } = await sql<SealedRow>`select ${columns} from ${sql.table(table)}
      where ${sql.ref(sealedWith)} is not null and ${after} order by ${place} limit ${PAGE}`.execute(database);
    yield rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || !last) return;
    after = sql`(${place}) > (${sql.join(key.map((name) => last[name]))})`;
    // SQLite answers at once: let others have their turn
    await nextTurn();
  }
}
