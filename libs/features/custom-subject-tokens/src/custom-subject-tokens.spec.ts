import { mkdtempSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SigningKeys } from '@onbehalf/authorization-server';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { requirement, startPostgres } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { invalid, subject, subjectTokenProfile } from './index.js';
import { Replica, SECRET, type Answer } from './replicas.fixture.js';
import { NAMESPACE, NONSENSE, ScriptedProfile, TYPE } from './scripted-profile.fixture.js';

const BADGE = 'https://acme.example/token-types/badge';
const PASSWORD = 'scrypt$16384$8$1$c2FsdHNhbHQ$eAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

const service = { secret: SECRET, grantTypes: [GrantType.TokenExchange], represents: ['legacy'] };
const edge = { subjectAudience: 'legacy', mode: 'delegation', subjectTypes: [TYPE] };
const read = { 'message.read': {} };

const FILE = {
  resources: [
    { audience: 'legacy', scopes: ['legacy.read'] },
    { audience: 'messages', scopes: ['message.read'] },
    { audience: 'open', scopes: ['message.read'] },
    { audience: 'abroad', scopes: ['message.read'] },
    { audience: 'seen-as', scopes: ['message.read'] },
    { audience: 'modern', scopes: ['message.read'] },
    { audience: 'auth-server', scopes: ['exchange.explain', 'audit.read', 'registrations.read'] },
  ],
  clients: [
    { ...service, clientId: 'legacy-service' },
    { ...service, clientId: 'second-service' },
    { ...service, clientId: 'other-service' },
    {
      clientId: 'operator',
      secret: SECRET,
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['exchange.explain', 'audit.read', 'registrations.read'],
      defaultResource: 'auth-server',
    },
  ],
  users: [
    { username: 'alice', passwordHash: PASSWORD },
    { username: 'gone', passwordHash: PASSWORD, enabled: false },
  ],
  edges: ['legacy-service', 'second-service', 'other-service'].flatMap((client) => [
    { ...edge, client, target: 'messages', scopes: { 'message.read': { requires: ['legacy.read'] } }, timeToLive: 60 },
    { ...edge, client, target: 'open', scopes: read },
    { ...edge, client, target: 'abroad', scopes: read, subjectIssuers: [NAMESPACE] },
    { ...edge, client, target: 'seen-as', mode: 'impersonation', scopes: read },
    { ...edge, client, target: 'modern', scopes: read, subjectTypes: [TokenType.AccessToken] },
  ]),
  customSubjectTokens: {
    timeout: 0.2,
    types: [
      {
        type: TYPE,
        namespaces: [NAMESPACE],
        clients: ['legacy-service', 'second-service'].map((client) => ({ client, subjectAudience: 'legacy' })),
      },
      { type: BADGE, clients: [{ client: 'legacy-service', subjectAudience: 'legacy' }] },
    ],
  },
};

const badge = subjectTokenProfile(BADGE, (token, { at }) =>
  token === 'b-1' ? subject({ account: 'alice', expiresAt: at + 60 }) : invalid('no such badge'),
);

const postgres = await startPostgres();
const databases = [
  { name: 'SQLite', open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'custom-')), 'store.db')}`) },
  ...(postgres ? [{ name: 'PostgreSQL', open: () => postgres.database() }] : []),
];
afterAll(() => postgres?.stop());

describe.each(databases)('custom subject tokens at two replicas on $name', ({ open }) => {
  let replicas: readonly [Replica, Replica];
  const profiles = [new ScriptedProfile(), new ScriptedProfile()];
  let addresses = 0;
  /** An address that nobody has used. */
  const somewhere = () => `198.51.100.${(addresses += 1)}`;

  beforeAll(async () => {
    const shared = {
      url: await open(),
      keys: await SigningKeys.generate(),
      encryption: randomBytes(32).toString('base64'),
    };
    const start = (profile: ScriptedProfile) =>
      Replica.start(shared, FILE, [{ provide: ScriptedProfile, useValue: profile }, badge]);
    replicas = [await start(profiles[0]!), await start(profiles[1]!)];
  }, 60_000);
  afterAll(() => Promise.all(replicas.map((replica) => replica.stop())));

  const form = (token: string, more: Record<string, string> = {}) => ({
    grant_type: GrantType.TokenExchange,
    subject_token: token,
    subject_token_type: TYPE,
    audience: 'messages',
    reason: 'a test',
    ...more,
  });
  const exchange = (
    token: string,
    more: Record<string, string> = {},
    { client = 'legacy-service', from = somewhere(), at = 0 } = {},
  ): Promise<Answer> => replicas[at]!.token(client, form(token, more), from);
  const record = async (token: string, more: Record<string, string> = {}, options: object = {}) => {
    const answer = await exchange(token, more, options);
    const { body } = await replicas[0].asOperator('/admin/audit?type=token_exchange&limit=1');
    const [last] = body['records'] as { event: Record<string, unknown> }[];
    return { answer, event: last!.event };
  };

  it('become access tokens: account, scopes, lifetime and how the user signed in are the profile’s, the rest the edge’s', async () => {
    const { status, headers, body } = await exchange('good');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({ issued_token_type: TokenType.AccessToken, token_type: 'Bearer', expires_in: 60 });
    const claims = decodeJwt(String(body['access_token']));
    expect(claims).toMatchObject({
      sub: 'alice',
      aud: 'messages',
      scope: 'message.read',
      act: { sub: 'legacy-service' },
      acr: 'urn:acme:pin',
      amr: ['pin'],
    });
    expect(claims['auth_time']).toBeLessThanOrEqual(claims.iat! - 59);
  });

  it('show their profile the request, and let it decide on none of it', async () => {
    await exchange('good', { scope: 'message.read' }, { from: '203.0.113.9' });
    expect(profiles[0]!.asked.at(-1)).toMatchObject({
      token: 'good',
      request: {
        clientId: 'legacy-service',
        audiences: ['messages'],
        resources: [],
        scopes: ['message.read'],
        address: '203.0.113.9',
        explained: false,
      },
    });
  });

  const CASES: readonly (readonly [token: string, target: string, status: number, error: string | object])[] = [
    ['good', 'messages', 200, { sub: 'alice', act: { sub: 'legacy-service' } }],
    ['good', 'open', 200, { sub: 'alice' }],
    ['good', 'seen-as', 200, { sub: 'alice' }],
    ['good', 'abroad', 200, { sub: 'alice' }],
    ['good', 'modern', 400, 'invalid_request'],
    ['good', 'nowhere', 400, 'invalid_target'],
    ['plain', 'messages', 400, 'invalid_scope'],
    ['plain', 'open', 200, { sub: 'alice', scope: 'message.read' }],
    ['foreign', 'abroad', 200, { sub: `${NAMESPACE}#zoe` }],
    ['foreign', 'messages', 400, 'invalid_request'],
    ['foreign https://elsewhere.example', 'abroad', 400, 'invalid_request'],
    ['good nobody', 'messages', 400, 'invalid_request'],
    ['good gone', 'messages', 400, 'invalid_request'],
    ['good legacy-service', 'messages', 400, 'invalid_request'],
    ['expired', 'messages', 400, 'invalid_request'],
    ['chain 1', 'messages', 200, { act: { sub: 'legacy-service', act: { sub: 'agent-1', iss: NAMESPACE } } }],
    ['chain 3', 'messages', 200, { sub: 'alice' }],
    ['chain 4', 'messages', 400, 'invalid_request'],
    ['chain 16', 'messages', 400, 'invalid_request'],
    ['chain 1', 'seen-as', 200, { act: { sub: 'legacy-service', act: { sub: 'agent-1' } } }],
    ['actor second-service', 'messages', 200, { act: { sub: 'legacy-service', act: { sub: 'second-service' } } }],
    ['actor legacy-service', 'messages', 400, 'invalid_request'],
    ['actor nobody', 'messages', 400, 'invalid_request'],
    ['elsewhere', 'messages', 400, 'invalid_request'],
    ['bad', 'messages', 400, 'invalid_request'],
    ['bad', 'modern', 400, 'invalid_request'],
    ['locked', 'messages', 400, 'invalid_request'],
    ['down', 'messages', 503, 'temporarily_unavailable'],
    ['throws', 'messages', 503, 'temporarily_unavailable'],
    ['rejects', 'messages', 503, 'temporarily_unavailable'],
    ['rejects-nothing', 'messages', 503, 'temporarily_unavailable'],
    ['hangs', 'messages', 503, 'temporarily_unavailable'],
    ...Object.keys(NONSENSE).map((token) => [token, 'messages', 503, 'temporarily_unavailable'] as const),
    ['\u0000', 'messages', 400, 'invalid_request'],
    ['x'.repeat(50_000), 'messages', 400, 'invalid_request'],
    ['{"alg":"none"}.e30.', 'messages', 400, 'invalid_request'],
  ];

  it.each(CASES.map((one) => [one[0].slice(0, 30).replaceAll('\u0000', 'NUL'), ...one] as const))(
    '%s: %s for %s',
    async (_title, token, audience, status, expected) => {
      const { answer, event } = await record(token, { audience });
      expect([answer.status, answer.body['error']]).toEqual([
        status,
        typeof expected === 'string' ? expected : undefined,
      ]);
      if (typeof expected === 'object') {
        expect(decodeJwt(String(answer.body['access_token']))).toMatchObject(expected);
      }
      expect(answer.headers.get('cache-control')).toContain('no-store');
      expect(event['outcome']).toBe(status === 200 ? 'issued' : status === 503 ? 'failed' : 'rejected');
      if (status === 503) expect(answer.headers.get('retry-after')).toBe(token === 'down' ? '7' : '5');
      if (token.length > 3 && !token.includes(' ')) expect(JSON.stringify(event)).not.toContain(`read ${token}`);
    },
  );

  it('are recorded with their type and with what their profile said, by which records are searched', async () => {
    const said = async (token: string) => {
      const { event } = await record(token);
      return [event['customTokenType'], event['profileOutcome'], event['reason']];
    };
    expect(await said('good')).toEqual([TYPE, 'subject', undefined]);
    expect(await said('bad 1')).toEqual([TYPE, 'invalid', 'invalid: no session [token]']);
    expect(await said('down')).toEqual([TYPE, 'unavailable', 'unavailable: the session table is away']);
    expect(await said('throws')).toEqual([TYPE, 'unavailable', 'unavailable: the profile has thrown Error']);
    expect(await said('good nobody')).toEqual([TYPE, 'subject', 'its subject does not exist']);
    const { body } = await replicas[1].asOperator('/admin/audit?profile_outcome=denied');
    expect((body['records'] as unknown[]).length).toBeGreaterThan(0);
  });

  it('tell the caller what a denial says, in characters of RFC 6749 §5.2 and without the token, and nothing of a bad token', async () => {
    expect((await exchange('locked 77')).body).toEqual({
      error: 'invalid_request',
      error_description: 'the account is ?locked? ? [token]',
    });
    expect((await exchange('bad')).body['error_description']).toBe('The subject_token is invalid');
  });

  it('are taken from the clients that the configuration names, by profiles that are functions, too', async () => {
    const asked = profiles[0]!.asked.length;
    const other = await exchange('good', {}, { client: 'other-service' });
    expect([other.status, other.body['error']]).toEqual([400, 'invalid_request']);
    expect(profiles[0]!.asked).toHaveLength(asked);
    const edgeless = await exchange('b-1', { subject_token_type: BADGE, audience: 'open' });
    expect(edgeless.body['error_description']).toBe('subject_token_type is not accepted for this target');
  });

  it.each([
    ['as an actor token', { actor_token: 'good', actor_token_type: TYPE }],
    ['as a JWT', { subject_token_type: TokenType.Jwt }],
    ['as an access token', { subject_token_type: TokenType.AccessToken }],
    ['as a type that has no profile', { subject_token_type: 'urn:acme:other' }],
    ['as its type in another spelling', { subject_token_type: TYPE.replace('urn', 'URN') }],
    ['as a type without a scheme', { subject_token_type: 'legacy-session' }],
  ])('are refused %s: RFC 8693 §2.2.2', async (_, more) => {
    const { status, body } = await exchange('good', more);
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  it('make an account where the profile says so, once, which nobody can log in to, and not in an explanation', async () => {
    const name = `new-${randomBytes(4).toString('hex')}`;
    const explained = await replicas[0].asOperator('/admin/exchange/explain', {
      ...form(`good ${name}`),
      client_id: 'legacy-service',
    });
    expect(explained.body).toMatchObject({ outcome: 'refused', refusal: { rule: 'subject-state' } });
    const answers = await Promise.all([0, 1, 0, 1].map((at) => exchange(`good ${name}`, {}, { at })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const { body } = await replicas[1].asOperator(`/admin/users/${name}`);
    expect(body).toMatchObject({ name: 'A new one', entitledScopes: ['message.read'] });
    const trail = await replicas[0].asOperator('/admin/audit?type=registration_change');
    const made = (trail.body['records'] as { event: Record<string, unknown> }[]).filter(
      ({ event }) => event['subject'] === name,
    );
    expect(made.map(({ event }) => event)).toEqual([
      expect.objectContaining({ operation: 'create', operator: 'customSubjectTokens', clientId: 'legacy-service' }),
    ]);
  });

  it('that cannot have an account are refused by nobody’s fault but the profile’s', async () => {
    expect((await exchange('good new-\u2028')).status).toBe(503);
  });

  it('are explained with the outcome, and explaining is neither throttled nor counted', async () => {
    const explain = async (token: string) =>
      (await replicas[0].asOperator('/admin/exchange/explain', { ...form(token), client_id: 'legacy-service' })).body;
    for (let i = 0; i < 12; i += 1) await explain('bad');
    expect(await explain('bad')).toMatchObject({
      outcome: 'refused',
      refusal: { rule: 'subject-token', error: 'invalid_request' },
      details: { customSubjectTokens: { type: TYPE, outcome: 'invalid' } },
    });
    expect(await explain('good')).toMatchObject({
      outcome: 'permitted',
      details: { customSubjectTokens: { type: TYPE, outcome: 'subject', expiresAt: expect.any(Number) as unknown } },
    });
    expect(await explain('hangs')).toMatchObject({ details: { customSubjectTokens: { outcome: 'unavailable' } } });
  });

  it('stand in the metadata', async () => {
    const metadata: unknown = await (await fetch(`${replicas[0].url}/.well-known/oauth-authorization-server`)).json();
    expect(metadata).toMatchObject({ custom_subject_token_types_supported: [TYPE, BADGE] });
  });

  it(
    requirement('RFC6585-4', 'the 429 status code indicates that the user has sent too many requests; Retry-After'),
    async () => {
      const from = somewhere();
      const statuses = [];
      for (let i = 0; i < 10; i += 1) statuses.push((await exchange(`guess ${i}`, {}, { from, at: i % 2 })).status);
      expect(statuses).toEqual(Array(10).fill(400));
      for (const at of [0, 1]) {
        for (const token of ['guess', 'good']) {
          const { status, headers, body } = await exchange(token, {}, { from, at });
          expect([status, body['error']]).toEqual([429, 'temporarily_unavailable']);
          expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
          expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(900);
        }
      }
      const asked = profiles[0]!.asked.length;
      const { event } = await record('good', {}, { from });
      expect(event).toMatchObject({ outcome: 'rejected', profileOutcome: 'throttled', customTokenType: TYPE });
      expect(profiles[0]!.asked).toHaveLength(asked);
      expect((await exchange('good')).status).toBe(200);
      expect((await exchange('good', {}, { from, client: 'second-service' })).status).toBe(200);
    },
  );

  it('are throttled when they come all at once, too: no more are told from good ones than may be', async () => {
    const from = somewhere();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => exchange(`guess ${i}`, {}, { from, at: i % 2 })),
    );
    const by = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([by(400), by(429)]).toEqual([10, 50]);
  });

  it('are not throttled for what is no guess', async () => {
    const from = somewhere();
    const others = ['locked', 'down', 'throws', 'good nobody', 'good gone', 'foreign', 'nothing', 'chain 4'];
    for (const token of [...others, ...others]) await exchange(token, {}, { from });
    expect((await exchange('good', {}, { from })).status).toBe(200);
  });

  it('are throttled by address, whoever sends them', async () => {
    const from = somewhere();
    const guess = async (client: string, type: string, i: number) =>
      (await replicas[i % 2]!.token(client, form(`guess ${i}`, { subject_token_type: type }), from)).status;
    for (let i = 0; i < 10; i += 1) expect(await guess('legacy-service', TYPE, i)).toBe(400);
    expect(await guess('legacy-service', BADGE, 11)).toBe(429);
    expect(await guess('second-service', TYPE, 12)).toBe(400);
  });
});
