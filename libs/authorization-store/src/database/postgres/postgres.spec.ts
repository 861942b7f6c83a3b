import { afterAll, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { connect, migrate } from '../../open-store.js';
import { parseStoreUrl } from '../address/store-url.js';

const databases = (await testDatabases()).filter(({ name }) => name === 'PostgreSQL');
const ROW = { number: 1, text: 'a', stored_at: 0 };

describe.each(databases)('a process that runs while a migration adds a column, on $name', (kind) => {
  afterAll(() => kind.stop());

  const processes = async () => {
    const url = await kind.database();
    await migrate(url);
    const [running, migrating] = [1, 2].map(() => connect(parseStoreUrl(url), { connections: 1 })) as [
      Database,
      Database,
    ];
    const read = (work = running) => work.selectFrom('audit_templates').selectAll().where('number', '=', 1).execute();
    await running.insertInto('audit_templates').values(ROW).execute();
    return { running, migrating, read, addColumn: (name: string) => added(migrating, name) };
  };

  it('goes on reading the table', async () => {
    const { running, migrating, read, addColumn } = await processes();
    expect(await read()).toEqual([ROW]);
    await addColumn('one');
    expect(await read()).toEqual([{ ...ROW, one: null }]);
    await addColumn('other');
    expect(await read()).toEqual([{ ...ROW, one: null, other: null }]);
    await Promise.all([running.destroy(), migrating.destroy()]);
  });

  it('fails a transaction that began before at most once', async () => {
    const { running, migrating, read, addColumn } = await processes();
    await read();
    await addColumn('one');
    await expect(running.transaction().execute((work) => read(work))).rejects.toThrow('The database is not available');
    expect(await running.transaction().execute((work) => read(work))).toEqual([{ ...ROW, one: null }]);
    await Promise.all([running.destroy(), migrating.destroy()]);
  });
});

type Database = ReturnType<typeof connect>;

function added(database: Database, column: string): Promise<unknown> {
  return sql`alter table audit_templates add column ${sql.ref(column)} text`.execute(database);
}
