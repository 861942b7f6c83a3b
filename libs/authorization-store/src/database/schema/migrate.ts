import { sql, type Kysely, type Transaction } from 'kysely';
import { initialSchema } from './migrations/0001-initial.js';
import { registrations } from './migrations/0002-registrations.js';
import { auditForwarding } from './migrations/0003-audit-forwarding.js';
import { cheaperTokens } from './migrations/0004-cheaper-tokens.js';
import { revocationLock } from './migrations/0005-revocation-lock.js';
import { lives } from './migrations/0006-lives.js';
import { auditTypes } from './migrations/0007-audit-types.js';
import { revocationPages } from './migrations/0010-revocation-pages.js';
import { declarations } from './migrations/0012-declarations.js';
import { consents } from './migrations/0013-consents.js';
import { activity } from './migrations/0014-activity.js';
import { impersonations } from './migrations/0015-impersonations.js';
import { storeState } from './migrations/0020-store-state.js';
import { auditWitnesses } from './migrations/0025-audit-witnesses.js';
import { auditCheckpoints } from './migrations/0026-audit-checkpoints.js';
import { consentGrants } from './migrations/0035-consent-grants.js';
import { cheaperRecords } from './migrations/0036-cheaper-records.js';
import { fileReloads } from './migrations/0037-file-reloads.js';
import { auditTemplates } from './migrations/0038-audit-templates.js';
import type { Migration } from './migration.js';
import type { Schema } from './schema.js';

/** Every step, in order. */
export const migrations: readonly Migration[] = [
  initialSchema,
  registrations,
  auditForwarding,
  cheaperTokens,
  revocationLock,
  lives,
  auditTypes,
  revocationPages,
  declarations,
  consents,
  activity,
  impersonations,
  storeState,
  auditWitnesses,
  auditCheckpoints,
  consentGrants,
  cheaperRecords,
  fileReloads,
  auditTemplates,
];

/** Key of the advisory lock that holds back other processes; any constant that nobody else uses will do. */
const MIGRATION_LOCK = 8_693_000_001;

export type Dialect = 'sqlite' | 'postgres';

/** The schema is newer than this software can work with. */
export class SchemaTooNew extends Error {
  constructor(version: number, compatibleFrom: number, own: number) {
    super(
      `The database has schema ${version}, which needs software of schema ${compatibleFrom} or newer; this is ${own}`,
    );
    this.name = 'SchemaTooNew';
  }
}

/**
 * Brings the schema up to date, in one transaction under a lock, so that replicas that start together do it once.
 * @param afterwards makes what does not belong to the steps, and tells what it has made
 * @returns the names of the steps that were applied, and of what was made
 * @throws SchemaTooNew when a newer version has made the schema incompatible with this one
 */
export async function migrateSchema(
  database: Kysely<Schema>,
  dialect: Dialect,
  steps: readonly Migration[] = migrations,
  afterwards: (work: Transaction<Schema>) => Promise<readonly string[]> = () => Promise.resolve([]),
): Promise<string[]> {
  return database.transaction().execute(async (transaction) => {
    if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(transaction);
    const applied = await appliedSteps(transaction);
    checkNotTooNew(applied, steps);
    // by its number, not by the newest: a step may reach a release after one with a higher number
    const pending = steps.filter((step) => !applied.versions.has(step.version));
    for (const step of pending) await apply(transaction, step);
    // no other version has a new database open
    if (applied.versions.size === 0) await finishSteps(transaction, steps);
    return [...pending.map((step) => step.name), ...(await afterwards(transaction))];
  });
}

/**
 * Ends the time in which the versions before may share the database: they refuse to start from now on.
 * @returns the names of the steps that this makes a difference to
 */
export async function finishSteps(work: Kysely<Schema>, steps: readonly Migration[] = migrations): Promise<string[]> {
  const finished: string[] = [];
  for (const { version, name, finallyFrom } of steps) {
    if (finallyFrom === undefined) continue;
    const { numUpdatedRows } = await work
      .updateTable('schema_migrations')
      .set({ compatible_from: finallyFrom })
      .where('version', '=', version)
      .where('compatible_from', '<', finallyFrom)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) finished.push(name);
  }
  return finished;
}

/** Whether the versions before a step may no longer share the database. */
export async function isFinished(database: Kysely<Schema>, { version, finallyFrom }: Migration): Promise<boolean> {
  const step = await database
    .selectFrom('schema_migrations')
    .select('compatible_from')
    .where('version', '=', version)
    .executeTakeFirst();
  return step !== undefined && step.compatible_from >= (finallyFrom ?? 0);
}

/** The names of the steps that {@link finishSteps} would finish. Changes nothing. */
export async function unfinishedSteps(database: Kysely<Schema>): Promise<string[]> {
  const unfinished: string[] = [];
  for (const step of migrations) if (!(await isFinished(database, step))) unfinished.push(step.name);
  return unfinished;
}

/** The steps that {@link migrateSchema} would apply. Changes nothing. @throws SchemaTooNew */
export async function pendingSteps(
  database: Kysely<Schema>,
  dialect: Dialect,
  steps: readonly Migration[] = migrations,
): Promise<Migration[]> {
  // in PostgreSQL, the first of that name on the search path, as every other statement finds it
  const found =
    dialect === 'postgres'
      ? sql`select 1 where to_regclass('schema_migrations') is not null`
      : sql`select 1 from sqlite_master where name = 'schema_migrations'`;
  if ((await found.execute(database)).rows.length === 0) return [...steps];
  const applied = await readSteps(database);
  checkNotTooNew(applied, steps);
  return steps.filter((step) => !applied.versions.has(step.version));
}

function checkNotTooNew({ newest, compatibleFrom }: AppliedSteps, steps: readonly Migration[]): void {
  const own = steps.at(-1)?.version ?? 0;
  if (compatibleFrom > own) throw new SchemaTooNew(newest, compatibleFrom, own);
}

async function apply(transaction: Transaction<Schema>, step: Migration): Promise<void> {
  const { version, name, compatibleFrom } = step;
  await step.up(transaction);
  await transaction
    .insertInto('schema_migrations')
    .values({ version, name, compatible_from: compatibleFrom, applied_at: Math.floor(Date.now() / 1000) })
    .execute();
}

interface AppliedSteps {
  readonly versions: ReadonlySet<number>;
  readonly newest: number;
  readonly compatibleFrom: number;
}

async function appliedSteps(transaction: Transaction<Schema>): Promise<AppliedSteps> {
  await transaction.schema
    .createTable('schema_migrations')
    .ifNotExists()
    .addColumn('version', 'integer', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('compatible_from', 'integer', (column) => column.notNull())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute();
  return readSteps(transaction);
}

async function readSteps(database: Kysely<Schema>): Promise<AppliedSteps> {
  const rows = await database.selectFrom('schema_migrations').select(['version', 'compatible_from']).execute();
  return {
    versions: new Set(rows.map(({ version }) => version)),
    newest: Math.max(0, ...rows.map(({ version }) => version)),
    compatibleFrom: Math.max(0, ...rows.map((row) => row.compatible_from)),
  };
}
