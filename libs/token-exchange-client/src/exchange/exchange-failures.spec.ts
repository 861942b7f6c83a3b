import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type Answering, type TestAnswer, type TestServer } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import type { TokenExchangeOptions } from '../options/token-exchange-options.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import { ExchangeRefused, ExchangeUnavailable } from '../tokens/exchange-errors.js';

const SUBJECT =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJiYWVsZHVuZyIsImF1ZCI6InVzZXItc2VydmljZSJ9.c2lnbmF0dXJl';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const issued = { access_token: 'exchanged', issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 300 };

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer(() => ({ body: issued }));
});
afterEach(() => server.close());

function createService(options: Partial<TokenExchangeOptions> = {}): TokenExchangeService {
  return new TokenExchangeService({
    tokenEndpoint: `${server.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    ...options,
  });
}

let calls = 0;
/** One exchange of its own, whatever was exchanged before. */
const exchange = (service: TokenExchangeService) =>
  service.exchange({ subjectToken: SUBJECT, audience: 'message-service', scope: `call-${++calls}` });

/** The error of an exchange, with the assurance that nothing in it tells a token or a secret. */
async function failure(exchanged: Promise<unknown>): Promise<ExchangeRefused | ExchangeUnavailable> {
  const error = await exchanged.then(
    () => new Error('the exchange has succeeded'),
    (reason: unknown) => reason as Error,
  );
  const told = inspect(error, { depth: 10, showHidden: true });
  for (const secret of [SUBJECT, SUBJECT.split('.')[2], 's3cret', 'exchanged']) expect(told).not.toContain(secret);
  expect(error instanceof ExchangeRefused || error instanceof ExchangeUnavailable).toBe(true);
  return error as ExchangeRefused | ExchangeUnavailable;
}

const first =
  (answer: TestAnswer): Answering =>
  () =>
    server.requests.length === 1 ? answer : { body: issued };

describe('retry: once, where it is safe', () => {
  it.each([502, 503])('after %d', async (status) => {
    server.answering = first({ status });
    expect((await exchange(createService())).token).toBe('exchanged');
    expect(server.requests).toHaveLength(2);
  });

  it('after a broken connection', async () => {
    server.answering = ({ raw }) => {
      if (server.requests.length === 1) raw.socket.destroy();
      return { body: issued };
    };
    expect((await exchange(createService())).token).toBe('exchanged');
    expect(server.requests).toHaveLength(2);
  });

  it('not more than once', async () => {
    server.answering = () => ({ status: 503 });
    expect(await failure(exchange(createService()))).toMatchObject({ reason: 'status' });
    expect(server.requests).toHaveLength(2);
  });

  it.each([400, 401, 403, 404, 429, 500, 501, 504])('never after %d', async (status) => {
    server.answering = () => ({ status, body: { error: 'invalid_request' } });
    await failure(exchange(createService()));
    expect(server.requests).toHaveLength(1);
  });

  it('never after a time-out: the server may still be at work', async () => {
    server.answering = () => new Promise(() => undefined);
    expect(await failure(exchange(createService({ timeout: 100 })))).toMatchObject({ reason: 'timeout' });
    expect(server.requests).toHaveLength(1);
  });
});

describe('time-out', () => {
  it('is two seconds for the whole exchange, the second attempt included', async () => {
    server.answering = () => (server.requests.length === 1 ? { status: 503 } : new Promise(() => undefined));
    const began = performance.now();
    expect(await failure(exchange(createService()))).toMatchObject({ reason: 'timeout' });
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(1900);
    expect(took).toBeLessThan(3800);
    expect(server.requests).toHaveLength(2);
  });
});

describe('Retry-After', () => {
  it.each([
    ['seconds', () => '30', 30],
    ['a date', () => new Date(Date.now() + 30_000).toUTCString(), 30],
    ['beyond all measure', () => '999999', 300],
  ])('as %s: nobody asks before it, other exchanges included', async (_form, value, seconds) => {
    server.answering = () => ({ status: 503, headers: { 'retry-after': value() } });
    const service = createService();
    const told = (await failure(exchange(service))) as ExchangeUnavailable;
    expect(told.retryAfter).toBeGreaterThan(seconds - 3);
    expect(told.retryAfter).toBeLessThanOrEqual(seconds);
    expect(await failure(exchange(service))).toMatchObject({ reason: 'resting' });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['soon', '-5', '', '1e3', '99 bottles'])('what is not one is ignored: "%s"', async (value) => {
    server.answering = () => ({ status: 429, headers: { 'retry-after': value } });
    const service = createService();
    expect(((await failure(exchange(service))) as ExchangeUnavailable).retryAfter).toBeUndefined();
    await failure(exchange(service));
    expect(server.requests).toHaveLength(2);
  });
});

describe('a server that fails', () => {
  it('is left alone after ten failures, and what was exchanged before is still served', async () => {
    const service = createService();
    const before = { subjectToken: SUBJECT, audience: 'known' };
    await service.exchange(before);
    server.answering = () => ({ status: 500 });
    for (let i = 0; i < 10; i++) expect(await failure(exchange(service))).toMatchObject({ reason: 'status' });
    expect(await failure(exchange(service))).toMatchObject({ reason: 'resting', retryAfter: 5 });
    expect((await service.exchange(before)).token).toBe('exchanged');
    expect(server.requests).toHaveLength(11);
  });

  it('is not blamed for refusals', async () => {
    server.answering = () => ({ status: 400, body: { error: 'invalid_scope' } });
    const service = createService();
    for (let i = 0; i < 25; i++) expect(await failure(exchange(service))).toMatchObject({ error: 'invalid_scope' });
  });
});

describe('RFC 6749 §5.1, RFC 8693 §2.2.1: what is no answer is not used', () => {
  it.each<[string, TestAnswer]>([
    ['no JSON', { body: 'hello' }],
    ['a list', { body: [issued] }],
    ['null', { body: null }],
    ['no access_token', { body: { ...issued, access_token: undefined } }],
    ['access_token that is no string', { body: { ...issued, access_token: { token: 'x' } } }],
    ['empty access_token', { body: { ...issued, access_token: '' } }],
    ['access_token that would split a header', { body: { ...issued, access_token: 'a\r\nx: y' } }],
    ['no issued_token_type', { body: { ...issued, issued_token_type: undefined } }],
    ['a refresh token', { body: { ...issued, issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' } }],
    ['an ID token', { body: { ...issued, issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' } }],
    ['no token_type', { body: { ...issued, token_type: undefined } }],
    ['unknown token_type', { body: { ...issued, token_type: 'mac' } }],
    ['a bound token nobody asked for', { body: { ...issued, token_type: 'DPoP' } }],
    ['expires_in that is no number', { body: { ...issued, expires_in: 'soon' } }],
    ['scope that is no string', { body: { ...issued, scope: ['a'] } }],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }],
    ['an empty answer', { status: 204 }],
    ['an error without a code', { status: 400, body: { message: 'no' } }],
    ['an error page', { status: 400, body: '<html>' }],
  ])('%s', async (_case, answer) => {
    server.answering = () => answer;
    const service = createService();
    expect(await failure(exchange(service))).toMatchObject({ name: 'ExchangeUnavailable', reason: 'malformed' });
    expect(service.cacheMetrics().entries).toBe(0);
  });

  it('an answer beyond 64 KB is not read to its end', async () => {
    server.answering = () => ({ body: { ...issued, padding: 'x'.repeat(70_000) } });
    expect(await failure(exchange(createService()))).toMatchObject({ reason: 'malformed' });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['bearer', 'BEARER'])('token_type is case insensitive: %s', async (type) => {
    server.answering = () => ({ body: { ...issued, token_type: type } });
    expect((await exchange(createService())).tokenType).toBe('Bearer');
  });

  it('a JWT may be called an access token and the other way round; N_A is what it is', async () => {
    const jwt = 'urn:ietf:params:oauth:token-type:jwt';
    server.answering = () => ({ body: { ...issued, issued_token_type: jwt, token_type: 'N_A' } });
    expect(await exchange(createService())).toMatchObject({ issuedTokenType: jwt, tokenType: 'N_A' });
  });
});

describe('RFC 6749 §5.2: refusals', () => {
  it('tells error, description and status', async () => {
    server.answering = () => ({ status: 401, body: { error: 'invalid_client', error_description: 'who are you?' } });
    expect(await failure(exchange(createService()))).toMatchObject({
      error: 'invalid_client',
      description: 'who are you?',
      status: 401,
      stepUp: undefined,
    });
  });

  it('a description that quotes the token loses it, and what is no text', async () => {
    const description = `the token ${SUBJECT} is\r\nrevoked\u0000 ${'and so on '.repeat(300)}`;
    server.answering = () => ({ status: 400, body: { error: 'invalid_request', error_description: description } });
    const { description: told } = (await failure(exchange(createService()))) as ExchangeRefused;
    expect(told).toMatch(/^the token \[token\] is revoked (and so on ?)+/);
    expect(told?.length).toBeLessThanOrEqual(300);
  });

  it.each([
    ['has ended', -1, true],
    ['ends now', 0, true],
    ['lives on', 1, false],
    ['does not say', undefined, false],
  ])('tells whether the subject token %s, so that the caller may fetch a fresh one', async (_case, left, expired) => {
    const now = 1_800_000_000;
    server.answering = () => ({ status: 400, body: { error: 'invalid_request', error_description: 'no' } });
    const service = createService({ clocks: { wall: () => now, monotonic: () => 0 } });
    const subjectExpiresAt = left === undefined ? undefined : now + left;
    const refused = service.exchange({ subjectToken: 'opaque', subjectExpiresAt });
    expect(await failure(refused)).toMatchObject({
      error: 'invalid_request',
      description: 'no',
      status: 400,
      subjectExpired: expired,
    });
  });

  it('RFC 9470: tells what the user must do', async () => {
    const body = { error: 'insufficient_user_authentication', acr_values: 'urn:mfa', max_age: 60 };
    server.answering = () => ({ status: 400, body });
    expect(await failure(exchange(createService()))).toMatchObject({ stepUp: { acrValues: 'urn:mfa', maxAge: 60 } });
  });

  it('tells where the user must do something first, and asks again at once when that is done', async () => {
    const uri = 'https://as.example/account/agents/assistant?audience=a&scope=a.read';
    const body = { error: 'interaction_required', interaction_uri: uri, scope: 'a.read' };
    server.answering = () => ({ status: 400, body });
    const service = createService();
    expect(await failure(exchange(service))).toMatchObject({ about: 'access', interaction: { uri, scope: 'a.read' } });
    server.answering = () => ({ body: issued });
    expect(await exchange(service)).toMatchObject({ tokenType: 'Bearer' });
  });

  it.each([
    undefined,
    1,
    'javascript:alert(1)',
    'https://somebody:secret@as.example/',
    'no address',
    `https://as.example/${'a'.repeat(2048)}`,
  ])('shows nobody an address that is none to go to: %j', async (uri) => {
    server.answering = () => ({ status: 400, body: { error: 'interaction_required', interaction_uri: uri } });
    expect(await failure(exchange(createService()))).toMatchObject({ about: 'access', interaction: undefined });
  });

  it('RFC 9449 §8: who does not use DPoP does not answer a demand for a nonce', async () => {
    server.answering = () => ({ status: 400, headers: { 'dpop-nonce': 'n' }, body: { error: 'use_dpop_nonce' } });
    expect(await failure(exchange(createService()))).toMatchObject({ error: 'use_dpop_nonce' });
    expect(server.requests).toHaveLength(1);
  });

  it.each(['', 'two\nlines', 'smörgåsbord', 'e\u00fc', 'tab\there'])(
    'a token that cannot be one is not sent: %j',
    async (token) => {
      await expect(createService().exchange({ subjectToken: token })).rejects.toBeInstanceOf(ExchangeRefused);
      await expect(createService().exchange({ subjectToken: 'x', actorToken: token })).rejects.toBeInstanceOf(
        ExchangeRefused,
      );
      expect(server.requests).toHaveLength(0);
    },
  );
});

describe('RFC 8414: discovery', () => {
  const discovering = (options: Partial<TokenExchangeOptions> = {}) =>
    createService({ issuer: server.url, tokenEndpoint: undefined, ...options });
  const paths = () => server.requests.map(({ path }) => path);

  it('finds the endpoint in the OpenID Connect document, once for many exchanges', async () => {
    server.answering = ({ path }) =>
      path.startsWith('/.well-known')
        ? { body: { issuer: server.url, token_endpoint: `${server.url}/oauth2/token` } }
        : { body: issued };
    const service = discovering();
    await Promise.all([exchange(service), exchange(service)]);
    await exchange(service);
    expect(paths().sort()).toEqual(['/.well-known/openid-configuration', ...Array<string>(3).fill('/oauth2/token')]);
  });

  it('or in the OAuth document', async () => {
    server.answering = ({ path }) => {
      if (path === '/.well-known/openid-configuration') return { status: 404 };
      if (path === '/.well-known/oauth-authorization-server') {
        return { body: { issuer: server.url, token_endpoint: `${server.url}/token` } };
      }
      return { body: issued };
    };
    expect((await exchange(discovering())).token).toBe('exchanged');
  });

  it.each<[string, () => TestAnswer]>([
    [
      `of another issuer: ${requirement('RFC8414-3.3-issuer', 'if the issuer values are not identical, the data contained in the response MUST NOT be used')}`,
      () => ({ body: { issuer: 'https://evil.example', token_endpoint: `${server.url}/token` } }),
    ],
    ['without a token endpoint', () => ({ body: { issuer: server.url } })],
    [
      'with an endpoint that is not protected',
      () => ({ body: { issuer: server.url, token_endpoint: 'http://evil.example/' } }),
    ],
    [
      'with an endpoint that is no address',
      () => ({ body: { issuer: server.url, token_endpoint: 'javascript:alert(1)' } }),
    ],
    ['that is missing', () => ({ status: 404 })],
    ['that is no JSON', () => ({ body: '<html>' })],
  ])('a document %s is not used', async (_case, answer) => {
    server.answering = answer;
    expect(await failure(exchange(discovering()))).toMatchObject({ reason: 'discovery' });
    expect(paths().every((path) => path.startsWith('/.well-known/'))).toBe(true);
  });

  it('a failure is not repeated by every call, and is overcome', async () => {
    let now = 0;
    const clocks = { wall: () => 1_800_000_000, monotonic: () => now };
    server.answering = () => ({ status: 500 });
    const service = discovering({ clocks });
    for (let i = 0; i < 5; i++) await failure(exchange(service));
    expect(server.requests).toHaveLength(1);
    server.answering = ({ path }) =>
      path.startsWith('/.well-known')
        ? { body: { issuer: server.url, token_endpoint: `${server.url}/token` } }
        : { body: issued };
    now += 1000;
    expect((await exchange(service)).token).toBe('exchanged');
  });

  it('known metadata serves on when it cannot be refreshed', async () => {
    let now = 0;
    server.answering = ({ path }) =>
      path.startsWith('/.well-known')
        ? { body: { issuer: server.url, token_endpoint: `${server.url}/token` } }
        : { body: issued };
    const service = discovering({ clocks: { wall: () => 1_800_000_000, monotonic: () => now } });
    await exchange(service);
    server.answering = ({ path }) => (path.startsWith('/.well-known') ? { status: 500 } : { body: issued });
    now += 2 * 60 * 60 * 1000;
    expect((await exchange(service)).token).toBe('exchanged');
  });
});
