import type { OpenedDatabase } from '@onbehalf/authorization-store';
import { sql, type RawBuilder, type Transaction } from 'kysely';

/** One record. Ids of sessions and logins are bearer secrets: the row holds their hash. */
export interface RecordRow {
  kind: string;
  id_hash: string;
  /** A keyed fingerprint of the account whose it is; nobody's: `null`. */
  owner_hash: string | null;
  /** Encrypted, and bound to its row. */
  value: string;
  sealed_with: string;
  /** By the database's clock, milliseconds since the epoch. */
  used_at: number;
  expires_at: number;
}

/** The one table of this app. Its name is its own, so that the database may hold those of others, too. */
export interface RecordTables {
  client_app_records: RecordRow;
}

/** Key of the advisory lock that holds back other replicas that start; any constant that nobody else uses will do. */
const TABLE_LOCK = 8_693_000_002;

/** Makes the table where it is not there yet. */
export async function makeTable({ database, dialect }: OpenedDatabase<RecordTables>): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${TABLE_LOCK})`.execute(transaction);
    await sql`create table if not exists client_app_records (
      kind text not null, id_hash text not null, owner_hash text, value text not null, sealed_with text not null,
      used_at bigint not null, expires_at bigint not null, primary key (kind, id_hash))`.execute(transaction);
    if (!(await hasOwners(transaction, dialect))) {
      await sql`alter table client_app_records add column owner_hash text`.execute(transaction);
    }
    await sql`drop index if exists client_app_records_used`.execute(transaction);
    await sql`create index if not exists client_app_records_owned on client_app_records (kind, owner_hash, used_at)`.execute(
      transaction,
    );
    await sql`create index if not exists client_app_records_expiring on client_app_records (expires_at)`.execute(
      transaction,
    );
  });
}

/** Whether the table is one of a version that knows accounts. */
async function hasOwners(
  transaction: Transaction<RecordTables>,
  dialect: OpenedDatabase<RecordTables>['dialect'],
): Promise<boolean> {
  const { rows } = await (
    dialect === 'postgres'
      ? sql`select 1 from pg_attribute
          where attrelid = 'client_app_records'::regclass and attname = 'owner_hash' and not attisdropped`
      : sql`select 1 from pragma_table_info('client_app_records') where name = 'owner_hash'`
  ).execute(transaction);
  return rows.length > 0;
}

/** The database's time in milliseconds since the epoch: a replica whose clock is wrong ends nothing. */
export function databaseTime({ dialect }: Pick<OpenedDatabase<RecordTables>, 'dialect'>): RawBuilder<number> {
  return dialect === 'postgres'
    ? sql`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`
    : sql`cast(unixepoch('subsec') * 1000 as integer)`;
}
