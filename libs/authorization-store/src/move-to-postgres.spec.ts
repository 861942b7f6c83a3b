import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidCursor, table } from '@onbehalf/authorization-ports';
import { execute, rowsOf, startPostgres } from '@onbehalf/testing-internal';
import { SqliteSource, type StoredRow } from './copies/sqlite-source.js';
import { moveToPostgres } from './move-to-postgres.js';
import { migrate, openStore, type StoreOptions } from './open-store.js';

const LATER = 4_000_000_000;
/** More than are moved at a time; `npm run soak` asks for more. */
const TOKENS = Number(process.env['SOAK_MOVE'] ?? 1_100);
const tickets = table({
  name: 'tickets_kept',
  columns: { id: { type: 'text' }, seat: { type: 'integer' }, secret: { type: 'text', sealed: true } },
  key: ['id'],
});
const declared = {
  tables: [tickets],
  auditFields: [{ name: 'ticket', description: 'its id', searchable: true }],
} as const;
const token = (jti: string, more: object = {}) => {
  const about = { clientId: 'user-service', subject: 'baëldung 🔑', audiences: ['message-service'], expiresAt: LATER };
  return { ...about, jti, ...more };
};
const issued = { type: 'token_exchange', outcome: 'issued', subject: 'baëldung 🔑' };

/** What each database says of itself, and what is sealed anew. */
const OWN = ['declarations', 'schema_migrations', 'store_state'];
const RESEALED = /sealed_with$|\.(payload|private_jwk|seal|secret)$|^shared_secrets\.value$/;

/** The rows as texts, for PostgreSQL gives its whole numbers as such. */
function texts(columns: readonly string[], rows: readonly unknown[]): string[] {
  const values = (row: unknown) => columns.map((column) => (row as StoredRow)[column] ?? null);
  return rows.map((row) => JSON.stringify(values(row).map((value) => (value === null ? null : String(value))))).sort();
}

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

(postgres ? describe : describe.skip)('a SQLite file that is moved to PostgreSQL', () => {
  let folder: string;
  let file: string;
  let from: StoreOptions;
  let to: StoreOptions & { readonly encryptionKeys: string[] };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'onbehalf-move-'));
    file = join(folder, 'store.db');
    from = { ...declared, url: `sqlite:${file}`, sweepInterval: 0 };
    const encryptionKeys = [randomBytes(32).toString('base64')];
    to = { ...declared, url: await postgres!.database(), encryptionKeys, sweepInterval: 0 };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function move(options: StoreOptions = to) {
    const lines: string[] = [];
    return { code: await moveToPostgres(options, file, (line) => lines.push(line)), lines };
  }

  /** A server's life, told by two processes. */
  async function filled() {
    const first = await openStore(from);
    await first.secrets.get('cookie-key', () => 'made once');
    await first.keys.begin({
      kid: 'k1',
      algorithm: 'ES256',
      publicJwk: { kty: 'EC' },
      privateJwk: { kty: 'EC', d: 'x' },
    });
    await first.registrations.apply([{ kind: 'client', id: 'shop', document: { name: 'Shop \u0000 “x”' } }]);
    await first.providerAdapter('Session').upsert('session-1', { uid: 'uid-1', accountId: 'baeldung' }, 3600);
    await first.providerAdapter('RefreshToken').upsert('refresh-1', { grantId: 'grant-1' }, 3600);
    await first.providerAdapter('RefreshToken').upsert('refresh-2', { grantId: 'grant-1' }, 3600);
    await first.providerAdapter('RefreshToken').consume('refresh-2');
    await first.replay.use('proof', LATER);
    await first.table(tickets).insert({ id: 't', seat: 7, secret: 'sealed' });
    await first.recordIssued(token('parent'), { ...issued, ticket: 't' });
    await first.recordIssued(token('child', { parentJti: 'parent' }), issued);
    await first.recordIssued(token('live'), issued);
    await first.close();
    const second = await openStore(from);
    expect(await second.tokens.revoke('parent')).toBe(2);
    await second.audit.append({ type: 'revocation' });
    const { cursor } = await second.tokens.revokedSince();
    await second.close();
    return cursor;
  }

  it('is there as it was: sessions, refresh tokens, revocations, keys, registrations, tables of features and the trail', async () => {
    const cursor = await filled();
    const { code, lines } = await move();
    expect(code).toBe(0);
    expect(lines).toEqual(
      expect.arrayContaining([
        'tokens: 3 rows',
        'the keys open all 8 values that are sealed in it',
        expect.stringMatching(/^the audit trail is whole: \d+ records of 2 writers$/),
        expect.stringMatching(/^moved \d+ rows; start the server on PostgreSQL, and never again on /),
      ]),
    );
    // the new keys alone
    const store = await openStore(to);
    expect(await store.secrets.get('cookie-key', () => 'made anew')).toBe('made once');
    expect(await store.keys.list()).toMatchObject([{ kid: 'k1', state: 'signing', privateJwk: { kty: 'EC', d: 'x' } }]);
    expect(await store.registrations.find('client', 'shop')).toMatchObject({
      version: 1,
      document: { name: 'Shop \u0000 “x”' },
    });
    expect(await store.providerAdapter('Session').findByUid('uid-1')).toMatchObject({ accountId: 'baeldung' });
    expect(await store.providerAdapter('RefreshToken').find('refresh-1')).toMatchObject({ grantId: 'grant-1' });
    await expect(store.providerAdapter('RefreshToken').consume('refresh-2')).rejects.toThrow();
    expect(await store.replay.use('proof', LATER)).toBe(false);
    expect(await store.table(tickets).find({ id: 't' })).toEqual({ id: 't', seat: 7, secret: 'sealed' });
    expect(await Promise.all(['parent', 'child', 'live'].map((jti) => store.tokens.isRevoked(jti)))).toEqual([
      true,
      true,
      false,
    ]);
    // what derives from what was revoked before the move must not leave after it
    expect(await store.recordIssued(token('late', { parentJti: 'parent' }), issued)).toBe(false);
    expect((await store.audit.query({ fields: { ticket: 't' } })).records).toHaveLength(1);
    // the feed goes on behind what it had, under cursors of its own
    await expect(store.tokens.revokedSince(cursor)).rejects.toThrow(InvalidCursor);
    const feed = await store.tokens.revokedSince();
    expect(feed.tokens.map(({ jti }) => jti).sort()).toEqual(['child', 'late', 'parent']);
    await store.tokens.revoke('live');
    expect((await store.tokens.revokedSince(feed.cursor)).tokens).toMatchObject([{ jti: 'live' }]);
    await store.audit.append({ type: 'login' });
    expect(await store.audit.verify()).toMatchObject({ ok: true, writers: 3 });
    await store.close();
  });

  it('has every row of every table, and is left as it was', async () => {
    await filled();
    await move();
    const source = new SqliteSource(file);
    const tables = source.tables.filter((name) => source.count(name) > 0);
    expect(tables.length).toBeGreaterThan(10);
    for (const name of tables.filter((each) => !OWN.includes(each))) {
      const columns = source.columns(name).filter((column) => !RESEALED.test(`${name}.${column}`));
      const before = [...source.pages(name, 1000)].flat();
      const after = await rowsOf(to.url, `select ${columns.join(', ')} from ${name}`);
      expect([name, texts(columns, after)]).toEqual([name, texts(columns, before)]);
    }
    source.close();
    const again = await openStore(from);
    expect(await again.audit.verify()).toMatchObject({ ok: true, writers: 2 });
    await again.close();
  });

  it('keeps what a feature stored that the server to come does not have', async () => {
    const lists = { name: 'seats', description: 'some', foundBy: 'ticket' };
    const store = await openStore({ ...from, auditFields: [...declared.auditFields, lists] });
    await store.table(tickets).insert({ id: 't', seat: 7, secret: 'sealed' });
    const seats = Array.from({ length: 1000 }, (_, index) => `seat ${index}`);
    await store.audit.append({ ...issued, ticket: 't', seats });
    await store.close();
    const without = { url: to.url, encryptionKeys: to.encryptionKeys, sweepInterval: 0 };
    const { code, lines } = await move(without);
    expect(lines).toContain('feature_tickets_kept: 1 rows');
    expect(lines).toContain('the keys open all 2 values that are sealed in it');
    expect(code).toBe(0);
    // the feature comes back, and finds what it had
    const again = await openStore({ ...to, auditFields: [...declared.auditFields, lists], migrateAtStart: false });
    expect(await again.table(tickets).find({ id: 't' })).toEqual({ id: 't', seat: 7, secret: 'sealed' });
    expect((await again.audit.query({ fields: { ticket: 't' } })).records).toHaveLength(1);
    await again.close();
  });

  it('may lack what a feature of the server to come declares', async () => {
    const store = await openStore({ url: from.url, sweepInterval: 0 });
    await store.recordIssued(token('parent'), issued);
    await store.close();
    expect((await move()).code).toBe(0);
    const there = await openStore({ ...to, migrateAtStart: false });
    await there.table(tickets).insert({ id: 't', seat: 7, secret: 'sealed' });
    expect(await there.audit.verify()).toMatchObject({ ok: true, writers: 1 });
    await there.close();
  });

  it('has the columns that a feature once had', async () => {
    const { seat, ...columns } = tickets.columns;
    const once = table({ ...tickets, columns: { ...columns, row: { type: 'text', optional: true }, seat } });
    const store = await openStore({ ...from, tables: [once] });
    await store.table(once).insert({ id: 't', seat: 7, secret: 'sealed', row: 'F' });
    await store.close();
    expect((await move()).code).toBe(0);
    const there = await openStore({ ...to, migrateAtStart: false });
    expect(await there.table(tickets).find({ id: 't' })).toMatchObject({ seat: 7, secret: 'sealed' });
    await there.close();
    expect(await rowsOf(to.url, 'select row from feature_tickets_kept')).toEqual([{ row: 'F' }]);
  });

  it(`of ${TOKENS} tokens and their records is moved whole`, async () => {
    const store = await openStore(from);
    for (let count = 0; count < TOKENS; count += 500) {
      const some = Array.from({ length: Math.min(500, TOKENS - count) }, (_, index) => token(`t${count + index}`));
      await Promise.all(some.map((one) => store.recordIssued(one, issued)));
    }
    await store.close();
    const { code, lines } = await move();
    expect(code).toBe(0);
    expect(lines).toContain(`tokens: ${TOKENS} rows`);
    expect(lines).toContain(`the audit trail is whole: ${TOKENS + 1} records of 1 writers`);
  }, 600_000);

  it('is closed to the version before where it holds what that cannot read', async () => {
    const closedTo = () => rowsOf(to.url, 'select compatible_from from schema_migrations where version = 38');
    await migrate(to.url, to);
    await execute(to.url, 'update schema_migrations set compatible_from = 1 where version = 38');
    const first = await openStore(from);
    await first.audit.append({ type: 'e' });
    await first.close();
    await move();
    expect(await closedTo()).toEqual([{ compatible_from: 1 }]);
    to = { ...to, url: await postgres!.database() };
    await migrate(to.url, to);
    await execute(to.url, 'update schema_migrations set compatible_from = 1 where version = 38');
    const next = await openStore(from);
    for (let count = 0; count < 16; count += 1) await next.audit.append({ type: 'e' });
    await next.close();
    await move();
    expect(await closedTo()).toEqual([{ compatible_from: 38 }]);
  });

  it('that a server has open is not moved', async () => {
    const server = await openStore(from);
    await server.audit.append({ type: 'login' });
    await expect(move()).rejects.toThrow('accepted: a file that no server has open: stop it first');
    await server.audit.append({ type: 'login' });
    await server.close();
    expect((await move()).code).toBe(0);
  });

  it('keeps servers out while it moves', async () => {
    await filled();
    const source = new SqliteSource(file);
    expect(() => new SqliteSource(file)).toThrow('a file that no server has open');
    source.close();
  });

  it('is not moved into a database that has something, and nothing is changed there', async () => {
    await filled();
    const there = await openStore(to);
    await there.audit.append({ type: 'login' });
    await expect(move()).rejects.toThrow(
      /^DATABASE_URL is "[^"?]+"; accepted: an empty database: audit_heads has 1 rows$/,
    );
    expect(await there.audit.verify()).toMatchObject({ ok: true, records: 2 });
    await there.close();
    await expect(move()).rejects.toThrow('an empty database');
  });

  it('whose trail is broken is not moved, nor any of it', async () => {
    await filled();
    await execute(`sqlite:${file}`, "update audit_records set event = '{}' where sequence = 1");
    const { code, lines } = await move();
    expect(code).toBe(1);
    expect(lines).toContainEqual(expect.stringMatching(/^broken at writer \S+, record 1:/));
    expect(lines.at(-1)).toBe('nothing was moved');
    expect(await rowsOf(to.url, 'select 1 from tokens')).toEqual([]);
    expect(await rowsOf(to.url, 'select 1 from counters where value <> 0')).toEqual([]);
  });

  it.each([
    [
      'a column that this version does not know',
      () => execute(`sqlite:${file}`, 'alter table tokens add column later text'),
      '--from is "the column later of tokens"',
    ],
    [
      'a table that this version does not know',
      () => execute(`sqlite:${file}`, 'create table feature_unknown (id text); insert into feature_unknown values (1)'),
      '--from is "the table feature_unknown"; accepted: a file with the tables of this server and its features alone',
    ],
    [
      'an older schema',
      () => execute(`sqlite:${file}`, "delete from schema_migrations where name = '0025-audit-witnesses'"),
      'a file that migrate has brought up to date',
    ],
  ])('with %s is not moved', async (_, change, reason) => {
    await filled();
    await change();
    await expect(move()).rejects.toThrow(reason);
    expect(
      (await rowsOf(to.url, "select 1 from pg_tables where tablename = 'tokens' and schemaname = current_schema()"))
        .length,
    ).toBeLessThan(2);
  });

  it.each([
    ['a text that no text of PostgreSQL holds', "update tokens set audiences = 'a' || char(0)", 'a row of tokens'],
    ['a text in the place of a number', "update tokens set expires_at = 'soon'", 'a row of tokens'],
    ['a number with a fraction', 'update feature_tickets_kept set seat = 1.5', 'a row of feature_tickets_kept'],
    ['a number that is too large', 'update tokens set expires_at = 9223372036854775807', 'a row of tokens'],
    ['bytes in the place of a text', "update tokens set subject = x'00ff'", 'the column subject of tokens'],
  ])('with %s is not moved, and the table is told', async (_, change, place) => {
    await filled();
    await execute(`sqlite:${file}`, change);
    await expect(move()).rejects.toThrow(new RegExp(`^--from is "${place}"; accepted: `));
    expect(await rowsOf(to.url, 'select 1 from audit_heads')).toEqual([]);
  });

  it('needs the keys of the server that goes on, and its address', async () => {
    await filled();
    await expect(move({ ...declared, url: to.url })).rejects.toThrow('ENCRYPTION_KEYS is missing');
    await expect(move({ ...to, url: 'sqlite::memory:' })).rejects.toThrow(
      'DATABASE_URL is "sqlite::memory:"; accepted: the',
    );
    rmSync(`${file}.key`);
    await expect(move()).rejects.toThrow('is not among the encryption keys');
    expect(await rowsOf(to.url, 'select 1 from tokens')).toEqual([]);
    expect(readFileSync(file).length).toBeGreaterThan(0);
  });
});
