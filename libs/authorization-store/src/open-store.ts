import { randomBytes } from 'node:crypto';
import { ConfigurationError, type Clock } from '@onbehalf/oauth-protocol';
import { sql, type Kysely } from 'kysely';
import { AuthorizationStore } from './authorization-store.js';
import { connect, poolOptions, type ConnectionOptions } from './database/connect.js';
import { DatabaseClock } from './database/database-clock.js';
import {
  finishSteps,
  isFinished,
  migrateSchema,
  pendingSteps,
  unfinishedSteps,
  type Dialect,
} from './database/schema/migrate.js';
import { declarations } from './database/schema/migrations/0012-declarations.js';
import { auditTemplates } from './database/schema/migrations/0038-audit-templates.js';
import type { Schema } from './database/schema/schema.js';
import { checkPooling } from './database/postgres/pooler.js';
import { ServerAddress } from './database/postgres/server-address.js';
import { checkIsFile } from './database/sqlite/sqlite-file.js';
import { parseStoreUrl, shownUrl, type StoreLocation } from './database/address/store-url.js';
import { keysBeside } from './sealing/key-file.js';
import { SealingKeys } from './sealing/sealing-keys.js';
import { declarationsIn, declareTables, undeclared, type Declared } from './tables/declare-tables.js';

export { connect } from './database/connect.js';

/** Where the store is, and how it is opened. */
export interface StoreOptions extends Declared, ConnectionOptions {
  /** `sqlite::memory:`, `sqlite:<path>` or `postgres://…`. */
  readonly url: string;
  /**
   * Keys for what is encrypted at rest, 32 bytes each in base64; the first one encrypts, all decrypt. PostgreSQL needs
   * them. With a SQLite file they may be left out: then a key is kept in a file beside it, readable by its owner alone.
   */
  readonly encryptionKeys?: readonly string[];
  /** This server's issuer: in the index of tokens it means the same as none. */
  readonly issuer?: string;
  /** Whether the schema is brought up to date; `true` unless told. Otherwise one that is not up to date is refused. */
  readonly migrateAtStart?: boolean;
  /** Instead of the database's, for tests. */
  readonly clock?: Clock;
  /** Is told at the start and every minute by how many seconds this process is ahead of the database; negative when behind. */
  readonly onClockDifference?: (seconds: number) => void;
  /** Seconds between two sweeps of expired rows; 60 unless told, 0 for never. */
  readonly sweepInterval?: number | undefined;
  /** The part of that time which a sweep may take, above 0 and up to 1; 0.5 unless told. */
  readonly sweepShare?: number | undefined;
}

/** Seconds: a step on a large table, or the wait for another replica that migrates, may take long. */
const MIGRATION_TIMEOUT = 600;

/**
 * Opens the store and brings its schema up to date.
 * @throws ConfigurationError for an address or a key that is not accepted, and for an old schema that must not be changed
 * @throws SchemaTooNew when the schema is of a newer, incompatible version
 */
export async function openStore(options: StoreOptions): Promise<AuthorizationStore> {
  const location = parseStoreUrl(options.url);
  const sealing = new SealingKeys(options.encryptionKeys ?? keysFor(location));
  if (options.migrateAtStart === false) await checkMigrated(options);
  else if (location.dialect === 'postgres') await migrate(options.url, options);
  else checkNotPooled(options);
  const database = connect(location, options);
  // a database in memory ends with its connection, so SQLite migrates on the one that stays
  const ready =
    location.dialect === 'sqlite' && options.migrateAtStart !== false
      ? migrateSchema(database, 'sqlite', undefined, (work) => declareTables(work, options))
      : sql`select 1`.execute(database);
  await orDisconnect<unknown>(database, ready);
  const { dialect } = location;
  const clock = new DatabaseClock({ dialect, clock: options.clock, onDifference: options.onClockDifference });
  await orDisconnect(database, clock.measure(database));
  const templates = await orDisconnect(database, isFinished(database, auditTemplates));
  clock.tellDifference();
  const { issuer, sweepInterval = 60, sweepShare = 0.5, tables, auditFields } = options;
  const own = issuer === undefined ? {} : { issuer };
  return new AuthorizationStore({
    database,
    dialect,
    sealing,
    clock,
    sweep: { interval: sweepInterval, share: sweepShare },
    tables,
    auditFields,
    templates,
    ...own,
  });
}

/**
 * Brings the schema up to date and nothing else, for a deployment that does so by hand.
 * @returns the names of the steps that were applied, and of the tables and audit fields that were made
 * @throws SchemaTooNew when the schema is of a newer, incompatible version
 */
export async function migrate(
  url: string,
  options: Declared & Pick<StoreOptions, keyof ConnectionOptions> = {},
): Promise<string[]> {
  const location = parseStoreUrl(url);
  if (location.dialect === 'postgres') {
    const address = new ServerAddress(location, options.password);
    await checkPooling(address, shownUrl(url), poolOptions(options));
  } else checkNotPooled(options);
  const database = connect(location, { ...options, connections: 1 }, MIGRATION_TIMEOUT);
  const applied = await orDisconnect(
    database,
    migrateSchema(database, location.dialect, undefined, (work) => declareTables(work, options)),
  );
  await database.destroy();
  return applied;
}

/**
 * Ends the time in which replicas of the version before may share the database: they refuse to start from now on, and replicas of this
 * version write what those cannot read, from their next start on.
 * @returns the names of the steps that this makes a difference to
 */
export async function finishMigration(
  url: string,
  options: Pick<StoreOptions, keyof ConnectionOptions> = {},
): Promise<string[]> {
  const database = connect(parseStoreUrl(url), { ...options, connections: 1 });
  return finishSteps(database).finally(() => database.destroy());
}

/** The steps of an up-to-date schema that {@link finishMigration} would finish. Changes nothing. */
export async function unfinishedMigrations(
  url: string,
  options: Pick<StoreOptions, keyof ConnectionOptions> = {},
): Promise<string[]> {
  const database = connect(parseStoreUrl(url), { ...options, connections: 1 });
  return unfinishedSteps(database).finally(() => database.destroy());
}

/**
 * What {@link migrate} would apply and make, without changing anything.
 * @throws SchemaTooNew when the schema is of a newer, incompatible version
 */
export async function pendingMigrations(
  url: string,
  options: Declared & Pick<StoreOptions, keyof ConnectionOptions> = {},
): Promise<string[]> {
  const location = parseStoreUrl(url);
  const database = connect(location, { ...options, connections: 1 });
  return pendingOf(database, location.dialect, options).finally(() => database.destroy());
}

async function pendingOf(database: Kysely<Schema>, dialect: Dialect, options: Declared): Promise<string[]> {
  const steps = await pendingSteps(database, dialect);
  const names = steps.map(({ name }) => name);
  const before = steps.includes(declarations) ? new Map<string, string>() : await declarationsIn(database);
  return [...names, ...undeclared(before, options)];
}

async function checkMigrated(options: StoreOptions): Promise<void> {
  const pending = await pendingMigrations(options.url, options);
  if (pending.length === 0) return;
  const accepted = `true, or a schema that the command migrate has brought up to date; missing: ${pending.join(', ')}`;
  throw new ConfigurationError('MIGRATE_AT_START', false, accepted);
}

/** @throws ConfigurationError for a pooler where there is none */
export function checkNotPooled({ pooling = 'none' }: Pick<StoreOptions, 'pooling'>): void {
  if (pooling !== 'none')
    throw new ConfigurationError('DATABASE_POOLING', pooling, 'none, because there is no pooler for SQLite');
}

/** Waits for the work and disconnects when it fails. */
async function orDisconnect<Result>(database: Kysely<Schema>, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    await database.destroy();
    throw error;
  }
}

/** The keys where none are given. None for PostgreSQL, which several replicas share: the empty list is refused. */
export function keysFor(location: StoreLocation): string[] {
  if (location.dialect === 'postgres') return [];
  if (location.path === ':memory:') return [randomBytes(32).toString('base64')];
  checkIsFile(location.path);
  return keysBeside(location.path);
}
