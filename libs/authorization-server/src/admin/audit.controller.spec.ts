import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AuditField,
  type AuditQuery,
  type AuditReader,
  type AuditRecord,
  InvalidCursor,
} from '@onbehalf/authorization-ports';
import { AUDIT_FIELDS, AUDIT_TRAIL } from '../ports/injection-tokens.js';
import { AuditController } from './audit.controller.js';
import { AdminEndpoints } from './operator.fixture.js';

const READ = 'audit.read';
const recordOf = (sequence: number, event: AuditRecord['event']): AuditRecord => ({
  writer: 'w',
  sequence,
  at: 'now',
  previousHash: 'p',
  hash: 'h',
  event,
});
const records = [
  recordOf(1, { text: 'two\nlines' }),
  recordOf(2, { type: 'client_credentials', outcome: 'issued', clientId: 'reports', targets: ['user-service'] }),
];
const shown = [
  { ...records[0], sentence: 'something happened' },
  { ...records[1], sentence: 'reports got a token for user-service in its own name, on behalf of nobody' },
];

describe('the audit trail for operators', () => {
  let endpoints: AdminEndpoints;
  let asked: AuditQuery | undefined;
  let trail: Partial<AuditReader>;

  const whole: AuditReader = {
    find: () => Promise.resolve(undefined),
    usedClients: () => Promise.resolve([]),
    archivedBefore: () => Promise.resolve(undefined),
    query: (query) => {
      asked = query;
      return Promise.resolve({ records, cursor: 'next' });
    },
    export: async function* (query) {
      asked = query;
      yield* await Promise.resolve(records);
    },
    tree: (traceId) => Promise.resolve({ nodes: [{ record: recordOf(1, { traceId }), children: [] }], cut: true }),
  };

  const fields: readonly AuditField[] = [
    { name: 'ticketNumber', description: 'the ticket', searchable: true },
    { name: 'seat', description: 'the seat' },
  ];

  beforeAll(async () => {
    const provider = {
      provide: AUDIT_TRAIL,
      useFactory: (): AuditReader => ({
        find: (writer, sequence) => whole.find(writer, sequence),
        usedClients: (subject, life) => whole.usedClients(subject, life),
        archivedBefore: () => (trail.archivedBefore ?? whole.archivedBefore)(),
        query: (query) => (trail.query ?? whole.query)(query),
        export: (query) => (trail.export ?? whole.export)(query),
        tree: (traceId) => (trail.tree ?? whole.tree)(traceId),
      }),
    };
    trail = {};
    endpoints = await AdminEndpoints.start(AuditController, [provider, { provide: AUDIT_FIELDS, useValue: fields }]);
  });
  afterEach(() => {
    trail = {};
    asked = undefined;
  });
  afterAll(() => endpoints.stop());

  describe('who may read it', () => {
    it.each(['/admin/audit', '/admin/audit/export', '/admin/audit/traces/t'])(
      'nobody without a token: %s',
      async (path) => {
        const response = await endpoints.fetch(path);
        const { status, headers } = response;
        expect([status, headers.get('www-authenticate')]).toEqual([
          401,
          expect.stringMatching(/^Bearer scope="audit\.read", DPoP algs=/),
        ]);
      },
    );

    it.each(['/admin/audit', '/admin/audit/export', '/admin/audit/traces/t'])('no other scope: %s', async (path) => {
      const response = await endpoints.fetch(path, 'exchange.explain');
      expect(response.status).toBe(403);
      expect(response.headers.get('www-authenticate')).toContain('scope="audit.read"');
    });

    it.each([
      ['for another audience', { aud: 'user-service' }],
      ['that has expired', { exp: Math.floor(Date.now() / 1000) - 120 }],
      ['of another issuer', { iss: 'https://elsewhere.example' }],
    ])('no token %s', async (_, claims) => {
      const response = await endpoints.fetchWith(await endpoints.token(READ, claims), '/admin/audit');
      expect(response.status).toBe(401);
    });

    it('no token that was revoked', async () => {
      endpoints.revoked.add('gone');
      const response = await endpoints.fetchWith(await endpoints.token(READ, { jti: 'gone' }), '/admin/audit');
      expect(response.status).toBe(401);
    });
  });

  it.each(['/admin/audit', '/admin/audit/traces/t'])('says until when records may be in archives: %s', async (path) => {
    const answer = async (): Promise<unknown> => (await endpoints.fetch(path, READ)).json();
    expect(await answer()).not.toHaveProperty('archivedBefore');
    trail = { archivedBefore: () => Promise.resolve(new Date('2026-01-01')) };
    expect(await answer()).toMatchObject({ archivedBefore: '2026-01-01T00:00:00.000Z' });
  });

  it('says so before an export, also before an empty one', async () => {
    const header = async () =>
      (await endpoints.fetch('/admin/audit/export', READ)).headers.get('audit-archived-before');
    expect(await header()).toBeNull();
    const archivedBefore = () => Promise.resolve(new Date('2026-01-01'));
    trail = { archivedBefore };
    expect(await header()).toBe('2026-01-01T00:00:00.000Z');
    trail = { archivedBefore, export: async function* () {} };
    expect(await header()).toBe('2026-01-01T00:00:00.000Z');
  });

  it.each(['seat=1', 'ticketNumber=1', 'ticket_number='])('refuses a filter that is none: %s', async (filter) => {
    expect((await endpoints.fetch(`/admin/audit?${filter}`, READ)).status).toBe(400);
    expect(asked).toBeUndefined();
  });

  it('answers one page of the records that match', async () => {
    const query = new URLSearchParams({
      subject: 'alice',
      client_id: 'user-service',
      actor: 'message-service',
      jti: 'j',
      trace_id: 't',
      ticket_number: 'T-1',
      type: 'login',
      outcome: 'accepted',
      from: '2026-01-01T00:00:00Z',
      to: '2026-01-02T00:00:00+01:00',
      cursor: 'c',
      limit: '10',
    });
    const response = await endpoints.fetch(`/admin/audit?${query.toString()}`, READ);
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await response.json()).toEqual({ records: shown, cursor: 'next' });
    expect(asked).toEqual({
      type: 'login',
      outcome: 'accepted',
      subject: 'alice',
      client: 'user-service',
      actor: 'message-service',
      jti: 'j',
      traceId: 't',
      fields: { ticketNumber: 'T-1' },
      from: new Date('2026-01-01T00:00:00Z'),
      to: new Date('2026-01-01T23:00:00Z'),
      cursor: 'c',
      limit: 10,
    });
  });

  it.each([
    ['a filter that is misspelt', '/admin/audit?subjekt=alice', 'subjekt: no such parameter here'],
    ['a repeated filter', '/admin/audit?subject=alice&subject=bob', 'subject: one value'],
    ['an empty filter', '/admin/audit?subject=', 'subject: a value that is not empty'],
    ['a time without a zone', '/admin/audit?from=2026-01-01T00:00:00', 'from: a time such as 2026-01-31T12:00:00Z'],
    ['a limit of none', '/admin/audit?limit=0', 'limit: a whole number from 1 to 1000'],
    ['a limit beyond the most', '/admin/audit?limit=1001', 'limit: a whole number from 1 to 1000'],
    ['a page of an export', '/admin/audit/export?limit=1', 'limit: no such parameter here'],
  ])('refuses %s', async (_, path, description) => {
    const response = await endpoints.fetch(path, READ);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: 'invalid_request', error_description: description });
    expect(asked).toBeUndefined();
  });

  it('refuses a cursor that no page has given', async () => {
    trail.query = () => Promise.reject(new InvalidCursor());
    const response = await endpoints.fetch('/admin/audit?cursor=x', READ);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error_description: 'cursor: The cursor is not one that an earlier page has given' },
    ]);
  });

  it('answers the exchanges of a trace as a tree', async () => {
    const response = await endpoints.fetch('/admin/audit/traces/trace-1', READ);
    expect(await response.json()).toEqual({
      claimedTraceId: 'trace-1',
      exchanges: [{ record: expect.objectContaining({ event: { traceId: 'trace-1' } }), children: [] }],
      cut: true,
    });
  });

  it('exports one JSON object a line', async () => {
    const response = await endpoints.fetch('/admin/audit/export?subject=alice', READ);
    expect(response.headers.get('content-type')).toBe('application/jsonl; charset=utf-8');
    const lines = (await response.text()).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual(shown);
    expect(asked).toMatchObject({ subject: 'alice' });
  });

  it('exports nothing when nothing matches', async () => {
    trail.export = async function* () {};
    const response = await endpoints.fetch('/admin/audit/export', READ);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('an export reads no further than its reader', async () => {
    let read = 0;
    trail.export = async function* () {
      for (; read < 100_000; read++) yield await Promise.resolve(recordOf(read, { filler: 'x'.repeat(1000) }));
    };
    const reading = new AbortController();
    const response = await endpoints.fetch('/admin/audit/export', READ, { signal: reading.signal });
    await response.body!.getReader().read();
    let before: number;
    do {
      before = read;
      for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    } while (read > before);
    reading.abort();
    expect(read).toBeLessThan(50_000);
  });

  it('an export that breaks off is cut, and looks like nothing else', async () => {
    trail.export = async function* () {
      yield await Promise.resolve(recordOf(1, {}));
      throw new Error('the database is gone');
    };
    const response = await endpoints.fetch('/admin/audit/export', READ);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  it('an export that cannot begin is an error', async () => {
    // eslint-disable-next-line require-yield
    trail.export = async function* () {
      await Promise.reject(new Error('the database is gone'));
    };
    expect((await endpoints.fetch('/admin/audit/export', READ)).status).toBe(500);
  });
});
