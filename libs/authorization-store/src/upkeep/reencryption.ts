import { setImmediate as nextTurn } from 'node:timers/promises';
import { SealBroken, type TableDeclaration } from '@onbehalf/authorization-ports';
import { sql, type Kysely } from 'kysely';
import { headText } from '../chain/audit-chain.js';
import type { Schema } from '../database/schema.js';
import { providerPlace } from '../provider/provider-adapter.js';
import type { Sealed, SealingKeys } from '../sealing/sealing-keys.js';
import { sharedSecretPlace } from '../keys/shared-secrets.js';
import { signingKeyPlace } from '../keys/sql-signing-key-store.js';
import { placeOf, sealedColumns, sealedWith, storedName } from '../tables/table-columns.js';

type Row = Readonly<Record<string, string | number>>;

/** A table with a column that is sealed. */
interface SealedColumn {
  readonly table: string;
  readonly key: readonly string[];
  readonly column: string;
  /** The column that tells which key it is sealed with. */
  readonly sealedWith: string;
  readonly reseal: (row: Row, sealing: SealingKeys) => Sealed;
}

const BATCH = 200;

const COLUMNS: readonly SealedColumn[] = [
  encrypted('provider_records', ['model', 'id_hash'], 'payload', providerPlace),
  encrypted('signing_keys', ['kid'], 'private_jwk', signingKeyPlace),
  encrypted('shared_secrets', ['name'], 'value', sharedSecretPlace),
  {
    table: 'audit_heads',
    key: ['writer', 'sequence', 'hash'],
    column: 'seal',
    sealedWith: 'sealed_with',
    reseal: resealHead,
  },
];

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
  for (const sealed of [...COLUMNS, ...tables.flatMap(declared)]) {
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
  const { rows } = await sql<Row>`select ${columns} from ${sql.table(table)}
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

function encrypted(
  table: string,
  key: readonly string[],
  column: string,
  place: (...names: [string, string]) => string,
): SealedColumn {
  const stands = (row: Row) => place(...(key.map((name) => row[name]) as [string, string]));
  return encryptedAt(stands, { table, key, column, sealedWith: 'sealed_with' });
}

function declared(table: TableDeclaration): SealedColumn[] {
  return sealedColumns(table).map((column) => {
    const at = { table: storedName(table), key: table.key, column, sealedWith: sealedWith(column) };
    return encryptedAt((row) => placeOf(table, column, row), at);
  });
}

function encryptedAt(stands: (row: Row) => string, at: Omit<SealedColumn, 'reseal'>): SealedColumn {
  const reseal = (row: Row, sealing: SealingKeys) => {
    const sealed = { value: String(row[at.column]), sealedWith: String(row[at.sealedWith]) };
    return sealing.seal(sealing.open(sealed, stands(row)), stands(row));
  };
  return { ...at, reseal };
}

/** Only a head whose old seal is right gets a new one. */
function resealHead(row: Row, sealing: SealingKeys): Sealed {
  const text = headText(String(row['writer']), { sequence: Number(row['sequence']), hash: String(row['hash']) });
  if (row['seal'] !== sealing.authenticate(text, String(row['sealed_with']))) {
    throw new SealBroken(`The audit head of ${row['writer']} was changed`);
  }
  return { value: sealing.authenticate(text), sealedWith: sealing.current };
}
