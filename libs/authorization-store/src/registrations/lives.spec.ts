import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { IssuedTokenRecord, Party } from '@onbehalf/authorization-ports';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql, type Kysely } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import { migrateSchema, migrations } from '../database/schema/migrate.js';
import type { Schema } from '../database/schema/schema.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { DatabaseClock } from '../database/database-clock.js';
import { Sweeper } from '../upkeep/sweeper.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
const now = 1_000_000;

describe.each(databases)('lives on $name', (kind) => {
  let store: AuthorizationStore;
  beforeEach(async () => {
    store = await openStore({ url: await kind.database(), encryptionKeys, clock: () => now });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  const carol: Party = { kind: 'user', id: 'carol', enabled: true, credential: 'one' };
  const web: Party = { kind: 'client', id: 'web', enabled: true };
  const start = (parties: readonly Party[], { ends = true, generation = 0 } = {}) =>
    store.registrations.settle(generation, () => parties, ends);
  /** A change of registrations that comes to this. */
  const change = (...parties: readonly Party[]) => store.registrations.apply([], () => parties);
  const lifeOf = async (id: string): Promise<number | undefined> =>
    (await store.registrations.snapshot()).lives.find((life) => life.id === id)?.life;
  const record = (jti: string, more: Partial<IssuedTokenRecord> = {}) =>
    store.tokens.record({ jti, clientId: 'web', subject: 'carol', audiences: ['a'], expiresAt: now + 300, ...more });
  /** A token of the lives that are led now. */
  const recordNow = async (jti: string) =>
    record(jti, { subjectLife: (await lifeOf('carol'))!, clientLife: (await lifeOf('web'))! });
  const feed = async () => (await store.tokens.revokedSince()).tokens.map(({ jti }) => jti).sort();

  it('begin at 0, and go on over restarts and changes that do not matter', async () => {
    await start([carol, web]);
    await start([carol, web]);
    await change(carol, web);
    expect([await lifeOf('carol'), await lifeOf('web')]).toEqual([0, 0]);
    expect(await recordNow('A')).toBe(true);
    expect(await store.tokens.isRevoked('A')).toBe(false);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['disabled', () => change({ ...carol, enabled: false })],
    ['disabled at a start', () => start([{ ...carol, enabled: false }, web])],
    ['left out at a start', () => start([web])],
    ['given another credential', () => change({ ...carol, credential: 'two' })],
    ['given another credential at a start', () => start([{ ...carol, credential: 'two' }, web])],
    ['a client that is disabled', () => change({ ...web, enabled: false })],
    ['a client that is left out at a start', () => start([carol])],
  ])(
    'end with whoever is %s: what was issued in them is revoked, with descendants, and nothing more is',
    async (_, end) => {
      await start([carol, web]);
      await recordNow('A');
      await record('B', { parentJti: 'A', clientId: 'service' });
      await record('of nobody', { subject: 'https://issuer.test#carol', clientId: 'other' });
      await end();
      expect(await Promise.all(['A', 'B', 'of nobody'].map((jti) => store.tokens.isRevoked(jti)))).toEqual([
        true,
        true,
        false,
      ]);
      expect(await feed()).toEqual(['A', 'B']);
      expect(await record('late', { subjectLife: 0, clientLife: 0 })).toBe(false);
    },
  );

  it.each<[string, readonly (() => Promise<unknown>)[]]>([
    ['removed and created again', [() => change({ ...carol, enabled: false }), () => change(carol)]],
    ['removed and created again, between starts', [() => start([web]), () => start([carol, web])]],
    [
      'given another password and the first one again',
      [() => change({ ...carol, credential: 'two' }), () => change(carol)],
    ],
  ])('have a number that no other has: %s', async (_, steps) => {
    await start([carol, web]);
    await recordNow('A');
    for (const step of [...steps, ...steps]) await step();
    const life = await lifeOf('carol');
    expect(life).toBeGreaterThan(0);
    expect(await store.tokens.isRevoked('A')).toBe(true);
    // at once, whatever the clocks say: recorded in the millisecond in which the other life ended
    expect(await recordNow('B')).toBe(true);
    expect(await store.tokens.isRevoked('B')).toBe(false);
    for (const other of [0, life! - 1, life! + 1])
      expect(await record(`C${other}`, { subjectLife: other })).toBe(false);
  });

  it('go on with another credential where sessions are to be kept, and end with the next one', async () => {
    await start([carol, web]);
    await change({ ...carol, credential: 'two', keepsSessions: true });
    expect((await store.registrations.snapshot()).lives).toContainEqual({ ...carolLife(0), credential: 'two' });
    await change({ ...carol, credential: 'three' });
    expect(await lifeOf('carol')).toBeGreaterThan(0);
  });
  const carolLife = (life: number) => ({ kind: 'user', id: 'carol', life });

  it('only begin where that is asked for', async () => {
    await start([carol]);
    await start([{ ...carol, enabled: false }, web], { ends: false });
    expect([await lifeOf('carol'), await lifeOf('web')]).toEqual([0, 1]);
  });

  it('are not touched by an older generation, and by the same or a newer one', async () => {
    await start([carol, web], { generation: 2 });
    await start([], { generation: 1 });
    await start([]);
    expect(await store.registrations.snapshot()).toMatchObject({
      generation: 2,
      lives: [{ id: 'web' }, { id: 'carol' }],
    });
    await start([carol], { generation: 2 });
    await start([], { generation: 3 });
    expect(await store.registrations.snapshot()).toMatchObject({ generation: 3, lives: [] });
  });

  it('end by a file that is read again, which every replica is told and the trail tells', async () => {
    await start([carol, web]);
    expect(await recordNow('A')).toBe(true);
    await store.registrations.reload(2, () => [web], [{ type: 'registration_change' }]);
    const told = await store.registrations.snapshot();
    expect(told).toMatchObject({ reloads: 1, generation: 2, lives: [{ id: 'web' }] });
    expect(await feed()).toEqual(['A']);
    expect((await store.audit.query({ type: 'registration_change' })).records).toHaveLength(1);
    const older = store.registrations.reload(1, () => [], [{ type: 'registration_change' }]);
    await expect(older).rejects.toMatchObject({ name: 'OlderGeneration', newest: 2 });
    expect(await store.registrations.snapshot()).toEqual(told);
    expect((await store.audit.query({ type: 'registration_change' })).records).toHaveLength(1);
  });

  it('end for whoever issues at the same moment: no token that leaves is left', async () => {
    await start([carol, web]);
    const issued = Array.from({ length: 40 }, (_, index) => record(`t${index}`, { subjectLife: 0, clientLife: 0 }));
    await Promise.all([change({ ...carol, credential: 'two' }), ...issued]);
    const left = (await Promise.all(issued)).map((leaves, index) => ({ leaves, jti: `t${index}` }));
    for (const { jti } of left) expect(await store.tokens.isRevoked(jti)).toBe(true);
    expect(await feed()).toHaveLength(40);
  });

  it('do not begin or end when the change is refused', async () => {
    await start([carol, web]);
    const refused = () => {
      throw new Error('does not fit');
    };
    await expect(store.registrations.apply([], refused)).rejects.toThrow('does not fit');
    expect(await lifeOf('carol')).toBe(0);
  });
});

describe.each(databases)('what a crash has left on $name', (kind) => {
  afterAll(() => kind.stop());

  it('is revoked by the next sweep', async () => {
    const database: Kysely<Schema> = connect(parseStoreUrl(await kind.database()));
    const dialect = kind.name === 'SQLite' ? 'sqlite' : 'postgres';
    await migrateSchema(database, dialect);
    const token = { iss: '', root_iss: '', root_jti: '', client_id: 'c', audiences: '[]', recorded_at: 1 };
    for (const jti of ['A', 'B', 'C']) {
      const row = { ...token, jti, subject: jti, subject_life: 7, expires_at: now + 300 };
      await database.insertInto('tokens').values(row).execute();
    }
    const mark = { marked_at: 1, expires_at: now + 60, applied_at: null };
    await database
      .insertInto('revocation_marks')
      .values({ kind: 'token', key: ' A', ...mark })
      .execute();
    for (const [key, life] of [
      ['B', 7],
      ['C', 6],
    ] as const) {
      await database
        .insertInto('revocation_marks')
        .values({ kind: 'subject', key, life, ...mark })
        .execute();
    }
    const clock = new DatabaseClock({ dialect, clock: () => now });
    await new Sweeper({ database, dialect, clock }).sweep();
    const revoked = await database.selectFrom('tokens').select('jti').where('revocation', 'is not', null).execute();
    expect(revoked.map(({ jti }) => jti).sort()).toEqual(['A', 'B']);
    expect(await sql`select 1 from revocation_marks where applied_at is null`.execute(database)).toMatchObject({
      rows: [],
    });
    await database.destroy();
  });
});

describe.each(databases)('lives in a database of the version before, on $name', (kind) => {
  afterAll(() => kind.stop());

  it('are 0 for all but those who were signed out once', async () => {
    const database: Kysely<Schema> = connect(parseStoreUrl(await kind.database()));
    const dialect = kind.name === 'SQLite' ? 'sqlite' : 'postgres';
    await migrateSchema(
      database,
      dialect,
      migrations.filter(({ version }) => version < 6),
    );
    for (const [id, document] of Object.entries({ carol: { signedOutAt: 1 }, dave: { name: 'signedOutAt' } })) {
      const row = { kind: 'user', id, version: 1, document: JSON.stringify(document), changed_at: 1 };
      await database.insertInto('registrations').values(row).execute();
    }
    await migrateSchema(
      database,
      dialect,
      migrations.filter(({ version }) => version <= 6),
    );
    expect(await database.selectFrom('lives').selectAll().execute()).toEqual([
      { kind: 'user', id: 'carol', life: -1, credential: null },
    ]);
    await database.destroy();
  });
});
