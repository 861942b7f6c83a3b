import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { openStore } from '@onbehalf/authorization-store';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
import { KeySet } from '../keys/key-set.js';
import { ROUTES } from '../protocol/routes.js';
import { afterwards } from '../provider/records/afterwards.js';
import { answerErrors } from '../provider/answers/answer-errors.js';
import { toProviderKeys } from '../provider/provider-keys.js';
import { announceGrant } from '../provider/seam/provider-seam.js';
import type { Grant, RefusedRequest } from './grant.js';
import { TokenEndpoint } from './token-endpoint.js';

const GRANT = 'urn:test:grant';
const TYPE = 'application/x-www-form-urlencoded';
const PAGE = 'https://page.test';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

const basic = (clientId: string, secret = 'secret'): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
});
const own = basic('own');

const store = await openStore({ url: 'sqlite::memory:' });

describe('RFC 6749 §3.2: the token endpoint', () => {
  let server: Server;
  let port: number;
  let provider: Provider;
  const refused: RefusedRequest[] = [];
  const told: string[] = [];
  const logged: object[] = [];
  const finished: string[] = [];

  /** Tells what it was given. */
  const grant: Grant = {
    grantType: GRANT,
    parameters: ['word', 'audience', 'scope'],
    repeatable: ['audience'],
    handle: ({ clientId: client, form, proof }) => {
      const word = form.get('word');
      if (word === 'no') throw new OAuthError('invalid_target', 'refused');
      if (word === 'later') throw Object.assign(new Error('connect 10.0.0.1'), { retryAfter: 2 });
      if (word === 'broken') throw new TypeError('a mistake');
      const work = new Promise((resolve) => setImmediate(resolve)).then(() => finished.push(client));
      afterwards(Provider.ctx, word === 'undone' ? work.then(() => Promise.reject(new Error('not done'))) : work);
      return Promise.resolve({ client, word, audiences: form.getAll('audience'), proof });
    },
    refused: (request) => Promise.resolve(void refused.push(request)),
  };

  beforeAll(async () => {
    const client = { client_secret: 'secret', redirect_uris: [], response_types: [] as 'code'[] };
    const log = { warn: (line: object) => void logged.push(line), error: (line: object) => void logged.push(line) };
    provider = new Provider('https://issuer.test', {
      adapter: store.providerAdapter,
      jwks: toProviderKeys((await KeySet.generate()).keys).jwks,
      cookies: { keys: ['a'.repeat(32)] },
      ttl: { ClientCredentials: 60 },
      routes: ROUTES,
      scopes: ['read'],
      features: { devInteractions: { enabled: false }, clientCredentials: { enabled: true } },
      clients: [
        { ...client, client_id: 'own', grant_types: [GRANT, 'client_credentials'] },
        { ...client, client_id: 'posting', grant_types: [GRANT], token_endpoint_auth_method: 'client_secret_post' },
        { ...client, client_id: 'other', grant_types: ['client_credentials'] },
      ],
      clientBasedCORS: () => false,
      clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    });
    announceGrant(provider, GRANT);
    answerErrors(provider, { log, pages: { error: () => undefined } });
    const tell = (event: string) => (ctx: KoaContextWithOIDC) =>
      void told.push(`${event} ${String(ctx.oidc.params?.['grant_type'])} ${String(ctx.oidc.client?.clientId)}`);
    for (const event of ['grant.success', 'grant.error', 'server_error']) {
      provider.on(event as 'grant.success', tell(event));
    }
    const endpoint = new TokenEndpoint({
      provider,
      grants: [grant],
      certificateOf: () => undefined,
      allowsOrigin: (origin, clientId) => origin === PAGE && clientId !== 'other',
      log,
    });
    server = createServer((request, response) => void endpoint.handle(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
  });
  beforeEach(() => [refused, told, logged, finished].forEach((list) => list.splice(0)));
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await store.close();
  });

  async function send(
    body: string | Buffer,
    headers: Readonly<Record<string, string>>,
    options: { readonly method?: string; readonly chunked?: boolean; readonly path?: string } = {},
  ): Promise<Answer> {
    const { method = 'POST', chunked = false, path = ROUTES.token } = options;
    const length = chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': Buffer.byteLength(body) };
    const request = httpRequest({ port, host: '127.0.0.1', path, method, headers: { ...headers, ...length } });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    if (chunked) for (let at = 0; at < body.length; at += 7) request.write(body.slice(at, at + 7));
    request.end(chunked ? undefined : body);
    const [response] = await answered;
    for (const name of ['date', 'connection', 'keep-alive']) delete response.headers[name];
    return {
      status: response.statusCode!,
      headers: response.headers,
      body: response.statusCode === 204 ? '' : await json(response),
    };
  }

  type Spelling = (body: string, headers: Readonly<Record<string, string>>) => Promise<Answer>;
  const form = (headers: Readonly<Record<string, string>>) => ({ 'content-type': TYPE, ...headers });
  const SPELLINGS: Readonly<Record<string, Spelling>> = {
    'of a known length': (body, headers) => send(body, form(headers)),
    'in chunks': (body, headers) => send(body, form(headers), { chunked: true }),
    'from a page of another origin': (body, headers) => send(body, { ...form(headers), origin: 'https://evil.test' }),
    'with its charset': (body, headers) => send(body, { ...form(headers), 'content-type': `${TYPE}; charset="UTF-8"` }),
    'with parameters that nobody knows': (body, headers) => send(`more=a&${body}&more=b`, form(headers)),
    'with a query': (body, headers) => send(body, form(headers), { path: `${ROUTES.token}?grant_type=no&word=no` }),
  };

  const refusal = (error: string, headers: object = {}) => ({ error, headers });
  const BASIC = { 'www-authenticate': expect.stringMatching(/^Basic realm="https:\/\/issuer\.test"/) as unknown };
  const bad: [string, string, Record<string, string>, number, ReturnType<typeof refusal>][] = [
    ['no grant', 'word=a', own, 400, refusal('invalid_request')],
    ['an empty grant', 'grant_type=&word=a', own, 400, refusal('invalid_request')],
    ['an unknown grant', 'grant_type=no', own, 400, refusal('unsupported_grant_type')],
    ['the implicit grant', 'grant_type=implicit', own, 400, refusal('unsupported_grant_type')],
    ['a repeated grant', `grant_type=${GRANT}&grant_type=${GRANT}`, own, 400, refusal('invalid_request')],
    ['two grants', `grant_type=${GRANT}&grant_type=client_credentials`, own, 400, refusal('invalid_request')],
    ['two grants of the provider', 'grant_type=client_credentials&grant_type=x', own, 400, refusal('invalid_request')],
    ['a repeated parameter', `grant_type=${GRANT}&word=a&word=a`, own, 400, refusal('invalid_request')],
    ['a repetition without a value', `grant_type=${GRANT}&word=&word=a`, own, 400, refusal('invalid_request')],
    ['repeated credentials', `grant_type=${GRANT}&client_id=own&client_id=own`, own, 400, refusal('invalid_request')],
    ['what the grant refuses', `grant_type=${GRANT}&word=no`, own, 400, refusal('invalid_target')],
    ['no credentials', `grant_type=${GRANT}`, {}, 401, refusal('invalid_client', BASIC)],
    [
      'no credentials for a grant of the provider',
      'grant_type=client_credentials',
      {},
      401,
      refusal('invalid_client', BASIC),
    ],
    ['no credentials and no grant', '', {}, 401, refusal('invalid_client', BASIC)],
    ['a wrong secret', `grant_type=${GRANT}`, basic('own', 'no'), 401, refusal('invalid_client', BASIC)],
    [
      'a wrong secret for a grant of the provider',
      'grant_type=client_credentials',
      basic('own', 'no'),
      401,
      refusal('invalid_client', BASIC),
    ],
    [
      'a wrong secret in the body',
      `grant_type=${GRANT}&client_id=posting&client_secret=no`,
      {},
      401,
      refusal('invalid_client', BASIC),
    ],
    [
      'a wrong secret in the body for a grant of the provider',
      'grant_type=client_credentials&client_id=posting&client_secret=no',
      {},
      401,
      refusal('invalid_client', BASIC),
    ],
    ['a malformed header', `grant_type=${GRANT}`, { authorization: 'Basic ?' }, 400, refusal('invalid_request')],
    ['two methods', `grant_type=${GRANT}&client_secret=secret`, own, 400, refusal('invalid_request')],
    ['a client without the grant', `grant_type=${GRANT}`, basic('other'), 400, refusal('unauthorized_client')],
    [
      'a client without a grant of the provider',
      'grant_type=authorization_code&code=a',
      own,
      400,
      refusal('unauthorized_client'),
    ],
    ['a wrong proof', `grant_type=${GRANT}`, { ...own, dpop: 'no' }, 400, refusal('invalid_dpop_proof')],
    ['too long a form', `grant_type=${GRANT}&word=${'a'.repeat(57_400)}`, own, 400, refusal('invalid_request')],
    [
      'too long a form for the provider',
      `grant_type=client_credentials&word=${'a'.repeat(57_400)}`,
      own,
      400,
      refusal('invalid_request'),
    ],
    ['what fails', `grant_type=${GRANT}&word=broken`, own, 500, refusal('server_error')],
    [
      'what is out of reach',
      `grant_type=${GRANT}&word=later`,
      own,
      503,
      refusal('temporarily_unavailable', { 'retry-after': '2' }),
    ],
    ['work that is not done', `grant_type=${GRANT}&word=undone`, own, 500, refusal('server_error')],
    ...['+a', 'a+', 'a++b', '+', '%22', 'a%09', '%C3%A9'].map((scope): (typeof bad)[number] => [
      `the scope ${scope}`,
      `grant_type=${GRANT}&word=no&scope=${scope}`,
      own,
      400,
      refusal('invalid_scope'),
    ]),
  ];

  it.each(bad)('answers %s in the same way, however it is written', async (_, body, headers, status, expected) => {
    const answers = new Map<string, Answer>();
    for (const [name, spelling] of Object.entries(SPELLINGS)) answers.set(name, await spelling(body, headers));
    const plain = answers.get('of a known length')!;
    expect(plain).toMatchObject({
      status,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        pragma: 'no-cache',
        ...expected.headers,
      },
      body: { error: expected.error, error_description: expect.any(String) },
    });
    expect(plain.headers['access-control-allow-origin']).toBeUndefined();
    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries([...answers.keys()].map((name) => [name, plain])));
    expect(JSON.stringify(plain)).not.toMatch(/10\.0\.0\.1|mistake|not done|TypeError/);
  });

  const granted = (word: string | null, audiences: string[] = [], client = 'own') => ({
    client,
    word,
    audiences,
    proof: {},
  });
  it.each<[string, string, Record<string, string>, object]>([
    ['a form', `grant_type=${GRANT}&word=a%20b+c`, own, granted('a b c')],
    ['what may be repeated', `grant_type=${GRANT}&audience=a&audience=b`, own, granted(null, ['a', 'b'])],
    ['a list of scopes', `grant_type=${GRANT}&word=a&scope=a+b`, own, granted('a')],
    ['an empty scope, as if omitted', `grant_type=${GRANT}&word=a&scope=`, own, granted('a')],
    ['an empty client_id, as if omitted', `grant_type=${GRANT}&word=a&client_id=`, own, granted('a')],
    [
      'credentials in the body',
      `grant_type=${GRANT}&word=a&client_id=posting&client_secret=secret`,
      {},
      granted('a', [], 'posting'),
    ],
    ['UTF-8', `grant_type=${GRANT}&word=%C3%A9`, own, granted('é')],
    ['more parameters than anybody needs', `grant_type=${GRANT}&word=a${'&x=y'.repeat(500)}`, own, granted('a')],
    [
      'a grant of the provider',
      'grant_type=client_credentials',
      own,
      { access_token: expect.any(String), token_type: 'Bearer', expires_in: 60 },
    ],
  ])('grants %s, however it is written', async (_, body, headers, expected) => {
    for (const spelling of Object.values(SPELLINGS)) {
      const answer = await spelling(body, headers);
      expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store', pragma: 'no-cache' } });
      expect(answer.body).toEqual(expected);
    }
  });

  describe.each(['client_credentials', GRANT])('what is no form, for %s', (grantType) => {
    const body = `grant_type=${grantType}&word=a`;
    it.each<[string, string | Buffer, Record<string, string>]>([
      ['JSON', JSON.stringify({ grant_type: grantType }), { 'content-type': 'application/json' }],
      ['a form that says to be JSON', body, { 'content-type': 'application/json' }],
      ['a type that only begins like that of a form', body, { 'content-type': `${TYPE}x` }],
      ['another charset', body, { 'content-type': `${TYPE}; charset=utf-16` }],
      ['two charsets', body, { 'content-type': `${TYPE}; charset=utf-8; charset=latin1` }],
      ['no type', body, {}],
      ['a question mark at the beginning', `?${body}`, { 'content-type': TYPE }],
      ['gzip', gzipSync(body), { 'content-type': TYPE, 'content-encoding': 'gzip' }],
      ['what says to be gzip', body, { 'content-type': TYPE, 'content-encoding': 'gzip' }],
    ])('%s is invalid_request, however it is written', async (_, content, headers) => {
      const plain = await send(content, { ...own, ...headers });
      expect(plain).toMatchObject({ status: 400, headers: { pragma: 'no-cache' }, body: { error: 'invalid_request' } });
      expect(await send(content, { ...own, ...headers }, { chunked: true })).toEqual(plain);
      expect(await send(content, { ...own, ...headers, origin: 'https://evil.test' })).toEqual(plain);
    });
  });

  it('has the work done that is left to the end of a request before it is answered', async () => {
    await send(`grant_type=${GRANT}`, form(own));
    expect(finished).toEqual(['own']);
  });

  it('tells of every request as the provider tells of its own', async () => {
    await send(`grant_type=${GRANT}`, form(own));
    await send('grant_type=client_credentials', form(own));
    await send(`grant_type=${GRANT}&word=no`, form(own));
    await send('grant_type=client_credentials&scope=%22', form(own));
    await send(`grant_type=${GRANT}`, form(basic('own', 'no')));
    await send(`grant_type=${GRANT}&word=broken`, form(own));
    expect(told).toEqual([
      `grant.success ${GRANT} own`,
      'grant.success client_credentials own',
      `grant.error ${GRANT} own`,
      'grant.error client_credentials own',
      `grant.error ${GRANT} own`,
      `server_error ${GRANT} own`,
    ]);
  });

  it('tells the grant of what is refused before it, and of nothing else', async () => {
    await send(`grant_type=${GRANT}&word=a`, form(own));
    await send(`grant_type=${GRANT}&word=no`, form(own));
    expect(refused).toEqual([]);
    await send(`grant_type=${GRANT}&word=a`, form(basic('stranger')));
    await send(`grant_type=${GRANT}&word=a&scope=%22`, form(own));
    await send(`grant_type=${GRANT}&word=a&word=b`, form(own));
    await send('grant_type=no', form(own));
    expect(refused.map(({ clientId, form, refusal: { code } }) => [clientId, form.get('word'), code])).toEqual([
      [undefined, 'a', 'invalid_client'],
      ['own', 'a', 'invalid_scope'],
      ['own', 'a', 'invalid_request'],
    ]);
  });

  it('logs who leaves before all is there, and answers nobody', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(
      `POST ${ROUTES.token} HTTP/1.1\r\nHost: a\r\nContent-Type: ${TYPE}\r\nContent-Length: 100\r\n\r\nword=`,
    );
    await once(server, 'request');
    socket.destroy();
    while (logged.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(logged).toEqual([{ event: 'request_failed', reason: 'the caller left' }]);
    expect([told, refused]).toEqual([[], []]);
  });

  it.each(['GET', 'PUT', 'HEAD'])('RFC 6749 §3.2: takes POST, no %s', async (method) => {
    const response = await fetch(`http://127.0.0.1:${port}${ROUTES.token}`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  describe('for pages of other origins', () => {
    const shared = (answer: Answer) => [
      answer.status,
      answer.headers['access-control-allow-origin'],
      answer.headers.vary,
    ];

    it.each([
      ['an answer', `grant_type=${GRANT}`, own, 200],
      ['an answer of the provider', 'grant_type=client_credentials', own, 200],
      ['a refusal', `grant_type=${GRANT}&word=no`, own, 400],
      ['a refusal of the provider', 'grant_type=client_credentials&scope=%22', own, 400],
      ['a failed authentication', `grant_type=${GRANT}`, basic('own', 'no'), 401],
    ])('shares %s with those that the client names, and with no other', async (_, body, headers, status) => {
      expect(shared(await send(body, { ...form(headers), origin: PAGE }))).toEqual([status, PAGE, 'Origin']);
      const kept = [status, undefined, undefined];
      expect(shared(await send(body, { ...form(headers), origin: 'https://evil.test' }))).toEqual(kept);
    });

    it('keeps the answer of a client from those of another', async () => {
      const answer = await send('grant_type=client_credentials', { ...form(basic('other')), origin: PAGE });
      expect(shared(answer)).toEqual([200, undefined, undefined]);
    });

    it('answers a browser that asks before', async () => {
      const ask = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'dpop' };
      const allowed = await send('', { ...ask, origin: PAGE }, { method: 'OPTIONS' });
      expect(allowed).toMatchObject({
        status: 204,
        headers: {
          'access-control-allow-origin': PAGE,
          'access-control-allow-methods': 'POST',
          'access-control-allow-headers': 'dpop',
        },
      });
      const denied = await send('', { ...ask, origin: 'https://evil.test' }, { method: 'OPTIONS' });
      expect(shared(denied)).toEqual([204, undefined, undefined]);
      expect(denied.headers['access-control-allow-methods']).toBeUndefined();
    });
  });
});
