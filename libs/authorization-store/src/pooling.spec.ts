import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPgBouncer, startPostgres, type TestPgBouncer } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import pg from 'pg';
import { parseStoreUrl } from './database/address/store-url.js';
import { connect, migrate, openStore } from './open-store.js';

const postgres = await startPostgres();
const bouncer = postgres && (await startPgBouncer(postgres.url));
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
const token = (jti: string) => ({ jti, clientId: 'c', subject: 's', audiences: ['a'], expiresAt: 4_000_000_000 });

(bouncer ? describe : describe.skip)('PgBouncer in transaction mode', () => {
  const database = () => bouncer!.database();
  let lenient: TestPgBouncer | undefined;
  beforeAll(async () => {
    const ignoring = ['statement_timeout', 'idle_in_transaction_session_timeout'];
    lenient = await startPgBouncer(postgres!.url, { ignoring });
  });
  afterAll(async () => {
    await lenient?.stop();
    await bouncer?.stop();
    await postgres?.stop();
  });

  it('serves a store that was told of it, with more connections than it has itself', async () => {
    const { pooled: url } = await database();
    const store = await openStore({ url, encryptionKeys, pooling: 'transaction' });
    const issue = async (index: number) => {
      expect(await store.recordIssued(token(`t${index}`), { type: 'token_exchange' })).toBe(true);
      expect(await store.replay.use(`proof-${index}`, 4_000_000_000)).toBe(true);
      await store.providerAdapter('Session').upsert(`session-${index}`, { uid: `${index}` }, 600);
      expect(await store.tokens.isRevoked(`t${index}`)).toBe(false);
      if (index % 10 === 0) expect(await store.tokens.revoke(`t${index}`)).toBe(1);
    };
    await Promise.all(Array.from({ length: 400 }, (_, index) => issue(index)));
    expect((await store.tokens.revokedSince()).tokens).toHaveLength(40);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    await store.close();
  }, 60_000);

  it('has time-outs and isolation in every transaction, and nothing is left to whoever gets the connection next', async () => {
    const { pooled: url, direct } = await database();
    const before = connect(parseStoreUrl(direct));
    const name = new URL(direct).pathname.slice(1);
    await sql`alter database ${sql.ref(name)} set default_transaction_isolation to 'repeatable read'`.execute(before);
    await before.destroy();
    const pooled = connect(parseStoreUrl(url), { pooling: 'transaction', timeout: 2 });
    const told = sql`select current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('transaction_isolation') as level`;
    const ours = { statement: '2s', idle: '2s', level: 'read committed' };
    expect((await told.execute(pooled)).rows).toEqual([ours]);
    await pooled.transaction().execute(async (work) => expect((await told.execute(work)).rows).toEqual([ours]));
    await pooled
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (work) => {
        expect((await told.execute(work)).rows).toEqual([{ ...ours, level: 'repeatable read' }]);
      });
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    const { rows } = await other.query(told.compile(pooled).sql);
    expect(rows).toEqual([{ statement: '0', idle: '0', level: 'repeatable read' }]);
    await other.end();
    await pooled.destroy();
  });

  it('a statement that fails leaves no transaction behind', async () => {
    const pooled = connect(parseStoreUrl((await database()).pooled), { pooling: 'transaction', connections: 1 });
    await expect(sql`select 1 / ${0}::int`.execute(pooled)).rejects.toThrow('division by zero');
    expect((await sql`select ${1}::int as one`.execute(pooled)).rows).toEqual([{ one: 1 }]);
    await pooled.destroy();
  });

  it.each([
    ['that refuses a parameter', () => bouncer, 'a pooler, which refuses statement_timeout'],
    ['that passes over them', () => lenient, 'a pooler between here and the server'],
  ])('one %s is recognised by a start that was not told of it', async (_, started, found) => {
    const { pooled: url } = await started()!.database();
    const refusal = `DATABASE_POOLING is "none"; accepted: transaction, because DATABASE_URL leads to ${found}`;
    await expect(openStore({ url, encryptionKeys })).rejects.toThrow(refusal);
    await expect(migrate(url)).rejects.toThrow(refusal);
  });

  it('a parameter in the address that it refuses is told by name', async () => {
    const { pooled } = await database();
    const url = `${pooled}?options=${encodeURIComponent('-c search_path=x')}`;
    await expect(openStore({ url, encryptionKeys, pooling: 'transaction' })).rejects.toThrow(
      'DATABASE_URL is "…options…"; accepted: an address without parameters that the pooler refuses',
    );
  });
});

describe('a pooler', () => {
  it('is refused for SQLite, which has none', async () => {
    const refusal = 'DATABASE_POOLING is "transaction"; accepted: none, because there is no pooler for SQLite';
    await expect(openStore({ url: 'sqlite::memory:', pooling: 'transaction' })).rejects.toThrow(refusal);
  });
});
