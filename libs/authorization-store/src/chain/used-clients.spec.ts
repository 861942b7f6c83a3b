import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql, type Kysely } from 'kysely';
import { migrateSchema, migrations } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect } from '../open-store.js';
import type { ChainRow } from './audit-chain.js';
import { usedClients, UsedClients } from './used-clients.js';

const databases = await testDatabases();

describe.each(databases)('the clients that an account has used, on $name', (kind) => {
  const dialect = kind.name === 'SQLite' ? 'sqlite' : 'postgres';
  let database: Kysely<Schema>;

  afterAll(() => kind.stop());
  beforeEach(async () => {
    database = connect(parseStoreUrl(await kind.database()));
  });
  afterEach(() => database.destroy());

  const record = (subject: string, client: string, told: Partial<ChainRow> = {}): ChainRow => {
    const place = { writer: 'w', sequence: 0, previous_hash: '', hash: '', at: 0, event: '{}', type: 'token_exchange' };
    return { ...place, outcome: 'issued', subject, client_id: client, subject_life: 1, ...told };
  };
  const store = async (used: UsedClients, records: readonly ChainRow[]) => {
    await database.transaction().execute((work) => used.insert(work, used.newIn(records)));
    used.committed();
  };

  it('are stored with the first record that tells one, and not asked for again', async () => {
    await migrateSchema(database, dialect);
    const used = new UsedClients(database, dialect);
    await store(used, [record('alice', 'b'), record('alice', 'a'), record('alice', 'a'), record('bob', 'c')]);
    expect(await usedClients(database, 'alice', 1)).toEqual(['a', 'b']);
    expect(used.newIn([record('alice', 'a'), record('alice', 'a', { subject_life: 2 })])).toEqual([
      { subject: 'alice', subject_life: 2, client_id: 'a' },
    ]);
    // another replica knows nothing of it
    await store(new UsedClients(database, dialect), [record('alice', 'a')]);
    expect(await usedClients(database, 'alice', 1)).toEqual(['a', 'b']);
  });

  it('are those that got something, for an account with a life', async () => {
    await migrateSchema(database, dialect);
    const used = new UsedClients(database, dialect);
    const refused = record('alice', 'a', { outcome: 'rejected' });
    expect(used.newIn([refused, record('alice', 'a', { subject_life: null })])).toEqual([]);
  });

  it('are told again after a transaction that may not have taken place', async () => {
    await migrateSchema(database, dialect);
    const used = new UsedClients(database, dialect);
    expect(used.newIn([record('alice', 'a')])).toHaveLength(1);
    used.forget();
    used.committed();
    expect(used.newIn([record('alice', 'a')])).toHaveLength(1);
  });

  it('are stored in one order by all replicas, so that none waits for another in turns', () => {
    const used = new UsedClients(database, dialect);
    const records = [record('bob', 'a'), record('alice', 'b'), record('alice', 'a')];
    expect(used.newIn(records)).toEqual(used.newIn([...records].reverse()));
  });

  it('are those of the records that there were before, and lives begin with their first record', async () => {
    await migrateSchema(
      database,
      dialect,
      migrations.filter(({ version }) => version < 36),
    );
    await sql`insert into lives (kind, id, life) values ('user', 'alice', 2), ('user', 'bob', 0)`.execute(database);
    const records = [
      record('alice', 'a', { sequence: 1, at: 5 }),
      record('alice', 'b', { sequence: 2, at: 7, subject_life: 2 }),
      record('alice', 'c', { sequence: 3, at: 8, subject_life: 2, outcome: 'rejected' }),
      record('alice', 'b', { sequence: 4, at: 9, subject_life: 2 }),
    ];
    await database.insertInto('audit_records').values(records).execute();
    await migrateSchema(database, dialect);
    expect(await usedClients(database, 'alice', 2)).toEqual(['b']);
    expect(await database.selectFrom('lives').select(['id', 'begun_at']).orderBy('id').execute()).toEqual([
      { id: 'alice', begun_at: 7 },
      { id: 'bob', begun_at: null },
    ]);
  });
});
