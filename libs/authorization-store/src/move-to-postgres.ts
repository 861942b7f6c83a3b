import { existsSync } from 'node:fs';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { Kysely, Transaction } from 'kysely';
import { AuthorizationStore } from './authorization-store.js';
import { declaredIn } from './copies/declared-in.js';
import { checkEmpty, checkKnown, lockTables, moveRows, movingTables } from './copies/moved-rows.js';
import { openSealedValues } from './copies/sealed-values.js';
import { SqliteSource } from './copies/sqlite-source.js';
import { connect } from './database/connect.js';
import { DatabaseClock } from './database/database-clock.js';
import { Epoch } from './database/epoch/epoch.js';
import { finishSteps } from './database/schema/migrate.js';
import type { Schema } from './database/schema/schema.js';
import { countRows } from './database/schema/table-names.js';
import { parseStoreUrl, shownUrl } from './database/address/store-url.js';
import { migrate, pendingMigrations, type StoreOptions } from './open-store.js';
import { keyFileOf, keysIn } from './sealing/key-file.js';
import { SealingKeys } from './sealing/sealing-keys.js';
import { tellVerification } from './commands/tell-verification.js';
import { declarationsIn, readDeclarations } from './tables/declare-tables.js';
import { reencrypt } from './upkeep/reencryption.js';

type Write = (line: string) => void;

/** Seconds: a table is read from its beginning to its end. */
const QUERY_TIMEOUT = 600;

/** Takes everything back that was moved, because it is not whole. */
const NOT_WHOLE = new Error('not whole');

/**
 * Moves everything from a SQLite file that no server uses into an empty database of PostgreSQL, in one transaction, and seals it with
 * the first of its keys. The file stays as it is.
 * @param options of the server that goes on: the address of PostgreSQL, its keys, and what features declare
 * @param from the file, whose key is beside it unless it is among those keys
 * @returns 0 when everything has moved, 1 when the trail is not whole, and then nothing has
 * @throws ConfigurationError for a file that is in use, and for a database that is not empty
 */
export async function moveToPostgres(options: StoreOptions, from: string, write: Write): Promise<number> {
  const location = parseStoreUrl(options.url);
  const shown = shownUrl(options.url);
  if (location.dialect !== 'postgres') {
    throw new ConfigurationError('DATABASE_URL', shown, 'the address of the PostgreSQL that everything is moved to');
  }
  const keys = sealingKeys(options, from);
  await checkUpToDate(from);
  const source = new SqliteSource(from);
  const database = connect(location, { ...options, connections: 1 }, QUERY_TIMEOUT);
  try {
    await prepare(source, database, options);
    const rows = await database.transaction().execute((work) => moveAll(source, work, { options, keys, write }));
    write(`moved ${rows} rows; start the server on PostgreSQL, and never again on ${from}`);
    return 0;
  } catch (error) {
    if (error !== NOT_WHOLE) throw error;
    write('nothing was moved');
    return 1;
  } finally {
    source.close();
    await database.destroy();
  }
}

/** The target gets what the server to come needs, and what features have declared in the file, whether that server has them or not. */
async function prepare(source: SqliteSource, database: Kysely<Schema>, options: StoreOptions): Promise<void> {
  const tables = movingTables(source);
  await checkEmpty(database, tables, shownUrl(options.url));
  const before = declaredIn(source);
  await migrate(options.url, {
    ...options,
    tables: [...before.tables, ...(options.tables ?? [])],
    auditFields: [...before.auditFields, ...(options.auditFields ?? [])],
  });
  await checkKnown(database, tables);
}

interface Move {
  readonly options: StoreOptions;
  /** The new ones, and the one of the file. */
  readonly keys: SealingKeys;
  readonly write: Write;
}

/** @returns how many rows */
async function moveAll(
  source: SqliteSource,
  work: Transaction<Schema>,
  { options, keys, write }: Move,
): Promise<number> {
  const tables = movingTables(source);
  await lockTables(work, tables);
  await checkEmpty(work, tables, shownUrl(options.url));
  const rows = await moveRows(source, work, tables, write);
  // records that the version before cannot read; another server may have made the tables for it
  if ((await countRows(work, 'audit_templates')) > 0) await finishSteps(work);
  const { tables: declared } = readDeclarations(await declarationsIn(work));
  const resealed = await reencrypt(work, keys, declared);
  write(`sealed ${resealed} values with the first of ENCRYPTION_KEYS`);
  await checkMoved(work, { ...options, tables: declared }, write);
  await new Epoch(work, 'postgres').renew();
  return rows;
}

/** The keys of the server that goes on, and those that the file was written with. */
function sealingKeys({ encryptionKeys = [] }: StoreOptions, from: string): SealingKeys {
  const own = keyFileOf(from);
  // the new ones must be given
  return new SealingKeys(
    encryptionKeys.length > 0 && existsSync(own) ? [...encryptionKeys, ...keysIn(own)] : encryptionKeys,
  );
}

/** Its own tables must be; those of features are made where they go. */
async function checkUpToDate(from: string): Promise<void> {
  if (!existsSync(from)) throw new ConfigurationError('--from', from, 'a SQLite file that is there');
  const pending = await pendingMigrations(`sqlite:${from}`);
  if (pending.length === 0) return;
  const accepted = `a file that migrate has brought up to date (DATABASE_URL=sqlite:${from}); missing: ${pending.join(', ')}`;
  throw new ConfigurationError('--from', from, accepted);
}

/** What the server will find, with its keys alone. */
async function checkMoved(work: Transaction<Schema>, options: StoreOptions, write: Write): Promise<void> {
  const sealing = new SealingKeys(options.encryptionKeys ?? []);
  const { values, unopened } = await openSealedValues(work, sealing, options.tables);
  for (const [table, count] of unopened) write(`broken: ${count} values of ${table} are opened by none of the keys`);
  if (unopened.size === 0) write(`the keys open all ${values} values that are sealed in it`);
  const { issuer, tables, auditFields } = options;
  const clock = new DatabaseClock({ dialect: 'postgres' });
  const parts = { database: work, dialect: 'postgres', sealing, clock, tables, auditFields } as const;
  const store = new AuthorizationStore({ ...parts, ...(issuer === undefined ? {} : { issuer }) });
  if (!(await tellVerification(store.audit, write)) || unopened.size > 0) throw NOT_WHOLE;
}
