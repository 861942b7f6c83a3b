import { createHash, randomBytes } from 'node:crypto';
import {
  type AuditNode,
  type AuditRecord,
  AuditUnavailable,
  InvalidCursor,
  type RecordedEvent,
} from '@onbehalf/authorization-ports';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('the audit trail on $name', (kind) => {
  let store: AuthorizationStore;
  const append = (event: RecordedEvent) => store.audit.append(event);
  beforeEach(async () => {
    store = await openStore({ url: await kind.database(), encryptionKeys });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  it('numbers the records of a writer without gaps, also when many are appended at once', async () => {
    const receipts = await Promise.all(Array.from({ length: 500 }, (_, index) => append({ type: `event-${index}` })));
    expect(receipts.map(({ sequence }) => sequence)).toEqual(receipts.map((_, index) => index + 1));
    expect(new Set(receipts.map(({ hash }) => hash)).size).toBe(500);
    expect(await store.audit.verify()).toEqual({ ok: true, writers: 1, records: 501, acknowledged: [] });
  });

  it('is empty and whole before the first record', async () => {
    expect(await store.audit.verify()).toEqual({ ok: true, writers: 0, records: 0, acknowledged: [] });
  });

  it('keeps the event as it was told', async () => {
    const event = { type: 'token_exchange', outcome: 'issued', targets: ['message-service'], nested: { a: [1, null] } };
    const { sequence, writer, hash } = await append(event);
    const { records } = await store.audit.query({});
    const at = expect.stringMatching(/^\d{4}-.*Z$/) as unknown;
    expect(records[0]).toEqual({ writer, sequence, at, previousHash: records[1]?.hash, hash, event });
  });

  it('can be verified while records are being appended', async () => {
    await append({ type: 'first' });
    let appending = true;
    const write = async () => {
      for (let index = 0; index < 300; index += 1) await append({ type: `event-${index}` });
    };
    const writing = write().finally(() => (appending = false));
    while (appending) expect(await store.audit.verify()).toMatchObject({ ok: true });
    await writing;
  }, 30_000);

  it.each([
    ['is too long for an index', randomBytes(4_000).toString('hex')],
    ['holds a NUL', 'a\0b'],
    ['holds half a surrogate pair', 'a\ud800b'],
  ])('stores a value from outside that %s, finds it, and lets nobody else fail for it', async (_name, value) => {
    const event = { clientId: value, subject: value, issuedTokenId: value, traceId: value, outcome: value };
    await Promise.all([append({ type: 'before' }), append(event), append({ type: 'after' })]);
    expect(await store.audit.verify()).toMatchObject({ ok: true, records: 4 });
    for (const query of [{ client: value }, { subject: value }, { jti: value }, { traceId: value }]) {
      expect((await store.audit.query(query)).records.map((record) => record.event)).toEqual([event]);
    }
    expect((await store.audit.tree(value)).nodes).toHaveLength(1);
  });

  it('refuses an event that is no JSON, and goes on', async () => {
    await expect(store.audit.append({ type: 'e', ...{ amount: 1n } })).rejects.toThrow(TypeError);
    await append({ type: 'next' });
    expect(await store.audit.verify()).toMatchObject({ ok: true, records: 2 });
  });

  it('refuses records after it was closed', async () => {
    await store.close();
    await expect(append({ type: 'late' })).rejects.toThrow(AuditUnavailable);
  });

  it('can be exported, the oldest first, so that each line verifies the one before without the database', async () => {
    const times = [0, 1e21, '\u2028', { 10: 'a', 2: 'b' }, -0];
    await Promise.all(
      Array.from({ length: 1_100 }, (_, index) => append({ type: 'e', ...{ time: times[index % 5] } })),
    );
    let previousHash = '';
    let count = 0;
    for await (const record of store.audit.export()) {
      const { writer, sequence, at, event, hash } = JSON.parse(JSON.stringify(record)) as AuditRecord;
      const hashed = JSON.stringify([writer, sequence, previousHash, Date.parse(at), JSON.stringify(event)]);
      expect(hash).toBe(createHash('sha256').update(hashed).digest('base64url'));
      previousHash = hash;
      count += 1;
    }
    expect(count).toBe(1_101);
  });

  describe('query', () => {
    const exchange = (clientId: string, more: RecordedEvent = {}) =>
      append({ type: 'token_exchange', clientId, ...more });

    it.each<[string, RecordedEvent, Parameters<AuthorizationStore['audit']['query']>[0]]>([
      ['client', { clientId: 'wanted' }, { client: 'wanted' }],
      ['subject', { subject: 'wanted' }, { subject: 'wanted' }],
      ['current actor', { actors: [{ sub: 'wanted' }, { sub: 'earlier' }] }, { actor: 'wanted' }],
      ['issued token', { issuedTokenId: 'wanted' }, { jti: 'wanted' }],
      ['exchanged token', { subjectTokenId: 'wanted' }, { jti: 'wanted' }],
      ['trace', { traceId: 'wanted' }, { traceId: 'wanted' }],
      ['outcome', { outcome: 'wanted' }, { outcome: 'wanted' }],
    ])('finds by %s', async (_name, member, query) => {
      await exchange('other', { actors: [{ sub: 'earlier' }] });
      await exchange('some', member);
      const { records } = await store.audit.query(query);
      expect(records.map(({ event }) => event)).toEqual([{ type: 'token_exchange', clientId: 'some', ...member }]);
    });

    it('finds by type, the most common one and the others', async () => {
      await exchange('a');
      await append({ type: 'login', subject: 'a' });
      for (const type of ['token_exchange', 'login']) {
        expect((await store.audit.query({ type })).records.map(({ event }) => event['type'])).toEqual([type]);
      }
      expect((await store.audit.query({ type: 'logout' })).records).toEqual([]);
    });

    it('demands that all conditions match', async () => {
      await exchange('a', { subject: 'x' });
      await exchange('a', { subject: 'y' });
      expect((await store.audit.query({ client: 'a', subject: 'y' })).records).toHaveLength(1);
      expect((await store.audit.query({ client: 'b', subject: 'y' })).records).toHaveLength(0);
    });

    it('finds by time', async () => {
      await exchange('a');
      const soon = new Date(Date.now() + 1000);
      expect((await store.audit.query({ client: 'a', to: soon })).records).toHaveLength(1);
      expect((await store.audit.query({ client: 'a', from: soon })).records).toHaveLength(0);
    });

    it('gives pages, newest first, each record once', async () => {
      for (let index = 0; index < 25; index += 1) await exchange(`client-${index}`);
      const seen: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.audit.query({ limit: 7, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.records.map(({ event }) => event['clientId']));
        cursor = page.cursor;
      } while (cursor !== undefined);
      const expected = Array.from({ length: 25 }, (_, index) => `client-${24 - index}`);
      expect(seen).toEqual([...expected, undefined]);
    });

    it('refuses a cursor of its own making', async () => {
      await expect(store.audit.query({ cursor: 'WzEsMl0' })).rejects.toThrow(InvalidCursor);
    });
  });

  it('shows the exchanges of a trace as a tree', async () => {
    const exchange = (subjectTokenId: string, issuedTokenId?: string) =>
      append({ traceId: 'trace', subjectTokenId, ...(issuedTokenId ? { issuedTokenId } : {}) });
    await exchange('A', 'B');
    await exchange('B', 'C');
    await exchange('B', 'D');
    await exchange('C');
    await append({ traceId: 'other', subjectTokenId: 'B', issuedTokenId: 'X' });
    const shape = (nodes: readonly AuditNode[]): unknown[] =>
      nodes.map(({ record, children }) => [record.event['issuedTokenId'] ?? null, shape(children)]);
    const { nodes, cut } = await store.audit.tree('trace');
    expect(cut).toBe(false);
    expect(shape(nodes)).toEqual([
      [
        'B',
        [
          ['C', [[null, []]]],
          ['D', []],
        ],
      ],
    ]);
    expect(await store.audit.tree('unknown')).toEqual({ nodes: [], cut: false });
  });

  it('shows of a trace that is too long what was issued before what was refused, the newest of it, and says so', async () => {
    const tell = (outcome: string, name: string) => append({ traceId: 'trace', outcome, ...{ name } });
    for (let index = 0; index < 3; index += 1) await tell('rejected', `forged before ${index}`);
    await tell('issued', 'real');
    for (let index = 0; index < 3; index += 1) await tell('rejected', `forged after ${index}`);
    const shown = async (limit: number) => {
      const { nodes, cut } = await store.audit.tree('trace', limit);
      return [nodes.map(({ record }) => record.event['name']), cut];
    };
    expect(await shown(3)).toEqual([['real', 'forged after 1', 'forged after 2'], true]);
    expect(await shown(6)).toEqual([expect.arrayContaining(['real']), true]);
    expect(await shown(7)).toEqual([expect.arrayContaining(['real', 'forged before 0']), false]);
    await tell('issued', 'newer');
    expect(await shown(1)).toEqual([['newer'], true]);
  });
});
