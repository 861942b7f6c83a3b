import type { Kysely } from 'kysely';
import { recordsIn, ScratchCopy } from './copies/scratch-copy.js';
import { openSealedValues } from './copies/sealed-values.js';
import { connect } from './database/connect.js';
import { migrations, SchemaTooNew, type Dialect } from './database/schema/migrate.js';
import type { Schema } from './database/schema/schema.js';
import { parseStoreUrl } from './database/address/store-url.js';
import { countRows, tableNames } from './database/schema/table-names.js';
import { openStore, pendingMigrations, type StoreOptions } from './open-store.js';
import { keyFileOf, keysIn } from './sealing/key-file.js';
import { SealingKeys } from './sealing/sealing-keys.js';
import type { AuditAnchor } from './verification/verify-audit.js';
import { tellVerification } from './commands/tell-verification.js';

type Write = (line: string) => void;

/** Lines of what SQLite finds wrong; one is enough to know, more help to see what is. */
const MOST_TOLD = 5;

/** Seconds: a table is read from its beginning to its end. */
const QUERY_TIMEOUT = 600;

/** How a copy is checked. */
export interface CheckOptions extends StoreOptions {
  /** Heads of the audit trail that were kept elsewhere: the copy must hold all of them. */
  readonly heads?: readonly AuditAnchor[] | undefined;
}

/**
 * Checks a copy of the database as a server would find it: that it is whole, that its schema can be used, that the keys open it, and
 * that the audit trail in it is whole. Changes nothing.
 * @param file a copy of SQLite; the database itself when there is none
 * @returns 0 when all is well, 1 when it is not
 * @throws ConfigurationError when it cannot be told
 */
export async function checkCopy(options: CheckOptions, file: string | undefined, write: Write): Promise<number> {
  const location = parseStoreUrl(options.url);
  if (location.dialect === 'postgres' && file === undefined)
    return checkContent({ ...options, migrateAtStart: false }, write);
  const database = location.dialect === 'sqlite' ? location.path : undefined;
  const path = file ?? database!;
  const encryptionKeys = options.encryptionKeys ?? keysIn(keyFileOf(database ?? path));
  const copy = await ScratchCopy.of(path, database);
  try {
    const broken = copy.broken.length > 0 ? copy.broken : copy.integrity(MOST_TOLD);
    for (const reason of broken) write(`broken: ${reason}`);
    if (file !== undefined && database !== undefined) tellNewer(copy.path, database, write);
    if (broken.length > 0) return 1;
    write(`the file is whole: ${path}`);
    return await checkContent({ ...options, encryptionKeys, url: `sqlite:${copy.path}`, migrateAtStart: true }, write);
  } finally {
    copy.remove();
  }
}

function tellNewer(copy: string, database: string, write: Write): void {
  const newer = (recordsIn(database) ?? 0) - (recordsIn(copy) ?? 0);
  if (newer > 0) write(`the database of DATABASE_URL has ${newer} audit records that are not in it`);
}

/** What a server would find in it. */
async function checkContent(options: CheckOptions, write: Write): Promise<number> {
  if (!(await checkSchema(options, write))) return 1;
  const store = await openStore({ ...options, sweepInterval: 0 });
  const location = parseStoreUrl(options.url);
  const database = connect(location, { ...options, connections: 1 }, QUERY_TIMEOUT);
  try {
    if (!(await checkKeys(database, options, write))) return 1;
    const whole = await tellVerification(store.audit, write, { heads: options.heads });
    const counts = await rowsOf(database, location.dialect);
    write(`rows: ${counts.map(([table, rows]) => `${table} ${rows}`).join(', ')}`);
    return whole ? 0 : 1;
  } finally {
    await database.destroy();
    await store.close();
  }
}

async function checkSchema(options: StoreOptions, write: Write): Promise<boolean> {
  const pending = await pendingMigrations(options.url, options).catch((error: unknown) => {
    if (error instanceof SchemaTooNew) return error;
    throw error;
  });
  const isUsable = options.migrateAtStart === true || (Array.isArray(pending) && pending.length === 0);
  if (pending instanceof SchemaTooNew) write(`broken: ${pending.message}`);
  else if (pending.includes(migrations[0]!.name)) write('broken: it holds no schema of this server');
  else if (pending.length === 0) write('its schema is up to date');
  else
    write(
      `its schema is older: ${isUsable ? 'a start applies' : 'run migrate first, which applies'} ${pending.join(', ')}`,
    );
  return isUsable && Array.isArray(pending) && !pending.includes(migrations[0]!.name);
}

async function checkKeys(database: Kysely<Schema>, options: StoreOptions, write: Write): Promise<boolean> {
  const sealing = new SealingKeys(options.encryptionKeys ?? []);
  const { values, unopened } = await openSealedValues(database, sealing, options.tables);
  if (unopened.size === 0) write(`the keys open all ${values} values that are sealed in it`);
  for (const [table, count] of unopened) write(`broken: ${count} values of ${table} are opened by none of the keys`);
  return unopened.size === 0;
}

async function rowsOf(database: Kysely<Schema>, dialect: Dialect): Promise<[table: string, rows: number][]> {
  const counts: [string, number][] = [];
  for (const table of await tableNames(database, dialect)) counts.push([table, await countRows(database, table)]);
  return counts.filter(([, rows]) => rows > 0);
}
