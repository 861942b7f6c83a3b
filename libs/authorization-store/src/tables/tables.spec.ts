import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AuditField, table } from '@onbehalf/authorization-ports';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore, pendingMigrations, type StoreOptions } from '../open-store.js';

const NOW = 1_700_000_000;
const newKey = (): string => randomBytes(32).toString('base64');

const tickets = table({
  name: 'tickets_sold',
  columns: {
    id: { type: 'text' },
    client: { type: 'text' },
    seat: { type: 'integer', optional: true },
    secret: { type: 'text', sealed: true },
    note: { type: 'text', sealed: true, optional: true },
    expires_at: { type: 'integer' },
  },
  key: ['id'],
  indexes: [['client']],
  expires: 'expires_at',
});

const ticket = (id: string, more: object = {}) => ({
  id,
  client: 'a',
  seat: 1,
  secret: `secret of ${id}`,
  note: null,
  expires_at: NOW + 60,
  ...more,
});

const databases = await testDatabases();
const directory = await mkdtemp(join(tmpdir(), 'onbehalf-tables-'));
afterAll(() => rm(directory, { recursive: true }));
let files = 0;

/** A database that several stores can open. */
const shared = async (kind: (typeof databases)[number]): Promise<string> =>
  kind.name === 'SQLite' ? `sqlite:${join(directory, `${(files += 1)}.db`)}` : kind.database();

describe.each(databases)('declared tables on $name', (kind) => {
  const encryptionKeys = [newKey()];
  let url: string;
  let now: number;
  let stores: AuthorizationStore[];
  const open = async (more: Partial<StoreOptions> = {}): Promise<AuthorizationStore> => {
    const options = { url, encryptionKeys, clock: () => now, sweepInterval: 0, tables: [tickets], ...more };
    const store = await openStore(options);
    stores.push(store);
    return store;
  };
  const raw = async <Row>(query: string): Promise<Row[]> => {
    const database = connect(parseStoreUrl(url));
    const { rows } = await sql.raw<Row>(query).execute(database);
    await database.destroy();
    return rows;
  };

  beforeEach(async () => {
    url = await shared(kind);
    now = NOW;
    stores = [];
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));
  afterAll(() => kind.stop());

  it('keep rows, and find them by their key and by what they hold', async () => {
    const rows = (await open()).table(tickets);
    expect(await rows.insert(ticket('1'))).toBe(true);
    expect(await rows.insert(ticket('1', { client: 'b' }))).toBe(false);
    await rows.insert(ticket('2', { client: 'b', seat: null }));
    expect(await rows.find({ id: '1' })).toEqual(ticket('1'));
    expect(await rows.find({ id: '3' })).toBeUndefined();
    expect(await rows.list({ client: 'b' })).toEqual([ticket('2', { client: 'b', seat: null })]);
    expect(await rows.list({ seat: null })).toHaveLength(1);
    expect(await rows.list({}, 1)).toEqual([ticket('1')]);
  });

  it('change a row only where it holds what the change is based on', async () => {
    const rows = (await open()).table(tickets);
    await rows.insert(ticket('1'));
    expect(await rows.update({ id: '1' }, { seat: 2, secret: 'new' }, { seat: 1 })).toBe(true);
    expect(await rows.update({ id: '1' }, { seat: 3 }, { seat: 1 })).toBe(false);
    expect(await rows.find({ id: '1' })).toEqual(ticket('1', { seat: 2, secret: 'new' }));
  });

  it('give a row that many take to one of them', async () => {
    const rows = (await open()).table(tickets);
    await rows.insert(ticket('1'));
    const taken = await Promise.all(Array.from({ length: 20 }, () => rows.take({ id: '1' })));
    expect(taken.filter((row) => row !== undefined)).toEqual([ticket('1')]);
  });

  it('delete what is named, never all', async () => {
    const rows = (await open()).table(tickets);
    for (const id of ['1', '2', '3']) await rows.insert(ticket(id, { client: id === '3' ? 'b' : 'a' }));
    await expect(rows.delete({})).rejects.toThrow(TypeError);
    expect(await rows.delete({ client: 'a' })).toBe(2);
    expect(await rows.list({})).toHaveLength(1);
  });

  it('have no row that has ended, whose place is free, and sweep it', async () => {
    const store = await open();
    const rows = store.table(tickets);
    await rows.insert(ticket('1'));
    await rows.insert(ticket('2', { expires_at: NOW + 10_000 }));
    now = NOW + 60;
    expect(await rows.find({ id: '1' })).toBeUndefined();
    expect(await rows.take({ id: '1' })).toBeUndefined();
    expect(await rows.update({ id: '1' }, { seat: 9 })).toBe(false);
    expect(await rows.insert(ticket('1', { expires_at: NOW + 120 }))).toBe(true);
    now = NOW + 1000;
    expect(await store.sweep()).toBe(1);
    expect(await raw('select id from feature_tickets_sold')).toEqual([{ id: '2' }]);
  });

  it('seal what is secret, and seal it anew when the key changes', async () => {
    const rows = (await open()).table(tickets);
    await rows.insert(ticket('1', { note: 'also secret' }));
    await rows.insert(ticket('2'));
    const stored = JSON.stringify(await raw('select * from feature_tickets_sold'));
    expect(stored).not.toMatch(/secret of|also secret/);
    const next = newKey();
    const both = await open({ encryptionKeys: [next, ...encryptionKeys] });
    expect(await both.reencrypt()).toBe(3);
    expect(await both.reencrypt()).toBe(0);
    const renewed = (await open({ encryptionKeys: [next] })).table(tickets);
    expect(await renewed.find({ id: '1' })).toEqual(ticket('1', { note: 'also secret' }));
  });

  it('open nothing that was moved to another row', async () => {
    const rows = (await open()).table(tickets);
    await rows.insert(ticket('1'));
    await rows.insert(ticket('2'));
    await raw(`update feature_tickets_sold set secret = (select secret from feature_tickets_sold where id = '1')`);
    await expect(rows.find({ id: '2' })).rejects.toThrow('changed or moved');
  });

  it('refuse what cannot be found by, and a key that changes', async () => {
    const rows = (await open()).table(tickets);
    await expect(Promise.resolve().then(() => rows.list({ secret: 'x' }))).rejects.toThrow(TypeError);
    await expect(Promise.resolve().then(() => rows.list({ nothing: 1 } as never))).rejects.toThrow(TypeError);
    await expect(rows.update({ id: '1' }, { id: '2' })).rejects.toThrow(TypeError);
    await expect(rows.find({} as never)).rejects.toThrow(TypeError);
  });

  it('are made once, and get what is added to them', async () => {
    await Promise.all([open(), open(), open()]);
    await (await open()).table(tickets).insert(ticket('1'));
    const more = table({
      ...tickets,
      columns: { ...tickets.columns, row: { type: 'text', optional: true } },
      indexes: [['client'], ['row']],
    });
    const rows = (await open({ tables: [more] })).table(more);
    expect(await rows.find({ id: '1' })).toEqual({ ...ticket('1'), row: null });
    // a replica that does not know the column yet goes on
    expect(await (await open()).table(tickets).insert(ticket('2'))).toBe(true);
    expect(await rows.update({ id: '2' }, { row: 'A' })).toBe(true);
  });

  it('need nothing more for a replica that knows less, also where a start must change nothing', async () => {
    const { client, ...columns } = tickets.columns;
    const row = { type: 'text', optional: true } as const;
    await open({
      tables: [table({ ...tickets, columns: { row, ...columns, client }, indexes: [['client'], ['seat']] })],
    });
    await expect(open({ migrateAtStart: false })).resolves.toBeDefined();
    expect(await pendingMigrations(url, { tables: [tickets] })).toEqual([]);
  });

  it.each([
    ['another key', { key: ['client'] }, 'table tickets_sold is "client"; accepted: the key id, as before'],
    [
      'another type',
      { columns: { ...tickets.columns, seat: { type: 'text' } } },
      'accepted: the column as it was before',
    ],
    ['a column less', { columns: { ...tickets.columns, client: undefined } }, 'accepted: the column as it was before'],
    [
      'a new column that is not optional',
      { columns: { ...tickets.columns, row: { type: 'text' } } },
      'an optional column',
    ],
  ])('do not start with %s', async (_name, change, message) => {
    await open();
    const declared = JSON.parse(JSON.stringify({ ...tickets, ...change })) as typeof tickets;
    await expect(open({ tables: [declared] })).rejects.toThrow(message);
  });

  it('are open to nobody who has not declared them', async () => {
    const store = await open({ tables: [] });
    expect(() => store.table(tickets)).toThrow('The table tickets_sold is not declared');
  });
});

describe.each(databases)('declared audit fields on $name', (kind) => {
  const encryptionKeys = [newKey()];
  const auditFields: readonly AuditField[] = [
    { name: 'ticketNumber', description: 'the ticket', searchable: true },
    { name: 'seat', description: 'the seat' },
  ];
  let url: string;
  let stores: AuthorizationStore[];
  const open = async (fields = auditFields): Promise<AuthorizationStore> => {
    const store = await openStore({ url, encryptionKeys, sweepInterval: 0, auditFields: fields });
    stores.push(store);
    return store;
  };
  const token = {
    jti: 'j',
    clientId: 'a',
    subject: 's',
    audiences: ['b'],
    expiresAt: Math.floor(Date.now() / 1000) + 60,
  };

  beforeEach(async () => {
    url = await shared(kind);
    stores = [];
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));
  afterAll(() => kind.stop());

  it('are found by, exported and verified', async () => {
    const { audit, recordIssued } = await open().then((store) => ({
      audit: store.audit,
      recordIssued: store.recordIssued.bind(store),
    }));
    const told = { type: 'token_exchange', ticketNumber: 'T-1', seat: 'A1' };
    await audit.append({ type: 'other', ticketNumber: 'T-2' } as object);
    await audit.append(told);
    await recordIssued(token, told);
    const query = { fields: { ticketNumber: 'T-1' } };
    expect((await audit.query(query)).records.map(({ event }) => event)).toEqual([told, told]);
    const exported: unknown[] = [];
    for await (const { event } of audit.export(query)) exported.push(event);
    expect(exported).toEqual([told, told]);
    expect(await audit.verify()).toMatchObject({ ok: true });
    await expect(audit.query({ fields: { seat: 'A1' } })).rejects.toThrow('Records are not searched by seat');
  });

  it('are found by each value of a list that another field has, as it is written', async () => {
    const fields: readonly AuditField[] = [
      ...auditFields,
      { name: 'earlierTickets', description: 'the tickets before', foundBy: 'ticketNumber' },
    ];
    const without = await open();
    await without.audit.append({ type: 'before', ticketNumber: 'T-1' } as object);
    const store = await open(fields);
    const long = 'x'.repeat(4000);
    const odd = ['T-1', 'a"b', 'c\nd', '%', long, 'T-3'];
    await store.audit.append({ type: 'late', ticketNumber: 'T-2', earlierTickets: odd } as object);
    await store.audit.append({ type: 'alone', ticketNumber: 'T-9', earlierTickets: [] } as object);
    const found = async (ticketNumber: string): Promise<unknown[]> => {
      const { records } = await store.audit.query({ fields: { ticketNumber } });
      return records.map(({ event }) => event['type']);
    };
    expect(await found('T-1')).toEqual(['late', 'before']);
    for (const ticket of ['T-2', ...odd.slice(1)]) expect(await found(ticket)).toEqual(['late']);
    for (const ticket of ['t-3', 'T', 'b', 'd', '_', 'a"b"', '', '\n']) expect(await found(ticket)).toEqual([]);
    await expect(store.audit.query({ fields: { earlierTickets: 'T-1' } })).rejects.toThrow('not searched by');
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    expect(await without.audit.verify()).toMatchObject({ ok: true });
    const exported: unknown[] = [];
    for await (const { event } of store.audit.export({ fields: { ticketNumber: 'T-3' } })) exported.push(event['type']);
    expect(exported).toEqual(['late']);
    const database = connect(parseStoreUrl(url));
    await sql`update audit_records set field_earlier_tickets = 'T-5' where type = 'late'`.execute(database);
    await database.destroy();
    expect(await store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ reason: 'the column field_earlier_tickets does not match the event' }],
    });
  });

  it('can be declared while there are records, and by replicas that do not know of them', async () => {
    const before = await open([]);
    await before.audit.append({ type: 'early', ticketNumber: 'T-1' } as object);
    const store = await open();
    await before.audit.append({ type: 'meanwhile', ticketNumber: 'T-1' } as object);
    await store.audit.append({ type: 'late', ticketNumber: 'T-1' } as object);
    expect((await store.audit.query({ fields: { ticketNumber: 'T-1' } })).records).toHaveLength(1);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  });

  it('cannot say anything else than the record', async () => {
    const store = await open();
    await store.audit.append({ type: 'e', ticketNumber: 'T-1' } as object);
    const database = connect(parseStoreUrl(url));
    await sql`update audit_records set field_ticket_number = 'T-2' where field_ticket_number = 'T-1'`.execute(database);
    await database.destroy();
    expect(await store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ reason: 'the column field_ticket_number does not match the event' }],
    });
  });
});
