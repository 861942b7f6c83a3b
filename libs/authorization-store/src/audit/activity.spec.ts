import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { CompiledQuery, createQueryId, sql, type Kysely, type KyselyPlugin, type RootOperationNode } from 'kysely';
import { SearchColumns } from '../chain/search-columns.js';
import { Cursors } from '../database/epoch/cursor.js';
import { Epoch } from '../database/epoch/epoch.js';
import { migrateSchema } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { queryAudit } from './audit-query.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('the activity of an account on $name', (kind) => {
  afterAll(() => kind.stop());

  it('is that of one life, and names the clients that got something', async () => {
    const store = await openStore({ url: await kind.database(), encryptionKeys });
    const exchange = (clientId: string, subject: string, subjectLife?: number, outcome = 'issued') =>
      store.audit.append({
        type: 'token_exchange',
        outcome,
        clientId,
        subject,
        ...(subjectLife !== undefined && { subjectLife }),
      });
    await exchange('a', 'alice', 1);
    await exchange('b', 'alice', 2);
    await exchange('c', 'alice', 2, 'rejected');
    await exchange('d', 'alice');
    await exchange('e', 'bob', 2);
    await exchange('b', 'alice', 2);
    await exchange('A', 'alice', 2);
    const clientsOf = async (subject: string, subjectLife: number) =>
      (await store.audit.query({ subject, subjectLife })).records.map(({ event }) => event['clientId']);
    expect(await clientsOf('alice', 2)).toEqual(['A', 'b', 'c', 'b']);
    expect(await clientsOf('alice', 1)).toEqual(['a']);
    expect(new Set(await store.audit.usedClients('alice', 2))).toEqual(new Set(['A', 'b']));
    expect(await store.audit.usedClients('alice', 3)).toEqual([]);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    await store.close();
  });

  describe('however many records there are', () => {
    const dialect = kind.name === 'SQLite' ? 'sqlite' : 'postgres';
    let database: Kysely<Schema>;
    let asked: RootOperationNode[];
    const watching: KyselyPlugin = {
      transformQuery: ({ node }) => {
        asked.push(node);
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    };
    /** Records of one account: every exchange of which the store knows, and as many of other types. */
    const fill = (count: number) =>
      sql`insert into audit_records (writer, sequence, previous_hash, hash, at, event, type, outcome, client_id, subject, subject_life)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < ${sql.lit(count)})
        select 'w', i, '', '', 1000 * i, '{}', 'token_exchange', 'issued', 'client-' || (i % 3), 'alice', i % 2 from n
        union all
        select 'v', i, '', '', 1000 * i, '{}', 'login', 'accepted', null, 'alice', null from n`.execute(database);
    const analyze = () => sql`analyze`.execute(database);
    const plan = async (node: RootOperationNode): Promise<string> => {
      const { sql: text, parameters } = database.getExecutor().compileQuery(node, createQueryId());
      const explain = dialect === 'sqlite' ? 'explain query plan' : 'explain (analyze, buffers, format json)';
      const { rows } = await database.executeQuery(CompiledQuery.raw(`${explain} ${text}`, [...parameters]));
      return JSON.stringify(rows);
    };
    const page = (cursor?: string, subjectLife = 1) =>
      queryAudit(
        {
          database: database.withPlugin(watching),
          columns: new SearchColumns(),
          cursors: new Cursors(new Epoch(database, dialect)),
        },
        { subject: 'alice', subjectLife, limit: 20, ...(cursor !== undefined && { cursor }) },
      );

    beforeEach(async () => {
      asked = [];
      database = connect(parseStoreUrl(await kind.database()));
      await migrateSchema(database, dialect);
      await fill(20_000);
      await analyze();
    }, 30_000);
    afterEach(() => database.destroy());

    it('a page reads its own records by the index, in order', async () => {
      const first = await page();
      const second = await page(first.cursor);
      expect([...first.records, ...second.records].map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: 40 }, (_, i) => 19_999 - 2 * i),
      );
      for (const node of asked) {
        const told = await plan(node);
        expect(told).toContain('audit_records_by_subject_at');
        // what is of the same millisecond is put in order afterwards
        expect(told).not.toMatch(/TEMP B-TREE FOR ORDER BY|"Sort"|SCAN audit/);
        if (dialect === 'postgres') expect(blocksOf(told)).toBeLessThan(120);
      }
      expect(asked).toHaveLength(2);
    });

    it('nothing is read of the lives before', async () => {
      await sql`insert into lives (kind, id, life, begun_at) values ('user', 'alice', 2, 30000000)`.execute(database);
      asked = [];
      expect((await page(undefined, 2)).records).toEqual([]);
      const told = await plan(asked[0]!);
      if (dialect === 'sqlite') expect(told).toContain('audit_records_by_subject_at (subject=? AND at>?)');
      else expect(blocksOf(told)).toBeLessThan(20);
    });
  });
});

/** Blocks that PostgreSQL has read for a query, from its cache or not. */
function blocksOf(plan: string): number {
  const [, hit] = /"Shared Hit Blocks":(\d+)/.exec(plan) ?? [];
  const [, read] = /"Shared Read Blocks":(\d+)/.exec(plan) ?? [];
  return Number(hit) + Number(read);
}
