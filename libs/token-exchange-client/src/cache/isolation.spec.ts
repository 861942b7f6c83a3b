import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { onBehalfOf } from '../subject-token.js';
import type { TokenExchangeOptions } from '../options/token-exchange-options.js';
import { TokenExchangeService } from '../token-exchange.service.js';

let authorizationServer: TestServer;
let messageService: TestServer;

beforeEach(async () => {
  authorizationServer = await startTestServer(async ({ form }) => {
    await sleep(Math.random() * 30);
    return {
      body: {
        access_token: `for-${form.get('subject_token')}-at-${form.get('audience')}`,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 300,
      },
    };
  });
  messageService = await startTestServer(async ({ headers }) => {
    await sleep(Math.random() * 10);
    return { body: { seen: headers.authorization } };
  });
});
afterEach(() => Promise.all([authorizationServer.close(), messageService.close()]));

function createService(options: Partial<TokenExchangeOptions> = {}): TokenExchangeService {
  return new TokenExchangeService({
    tokenEndpoint: `${authorizationServer.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    timeout: 20_000,
    ...options,
  });
}

describe('cache isolation', () => {
  it('1,000 users × 50 concurrent × random delay: no answer crosses users', async () => {
    const service = createService();
    const messages = service.downstream({
      name: 'messages',
      baseUrl: messageService.url,
      audience: 'message-service',
      timeout: 60_000,
    });
    let crossed = 0;
    const call = async (user: string, attempt: number): Promise<void> => {
      await sleep(Math.random() * 50);
      const wanted = `for-${user}-at-message-service`;
      // some calls go all the way to the service; the others stop at the token that they would be sent with
      const used =
        attempt % 25 === 0
          ? (await messages.get<{ seen: string }>('/')).seen
          : `Bearer ${(await messages.authorizer.obtain()).token.token}`;
      if (used !== `Bearer ${wanted}`) crossed += 1;
    };
    const users = Array.from({ length: 1000 }, (_, index) => `user-${index}`);
    const calls = users.flatMap((user) =>
      onBehalfOf(user, () => Array.from({ length: 50 }, (_, attempt) => call(user, attempt))),
    );
    await Promise.all(calls);
    expect(crossed).toBe(0);
    expect(authorizationServer.requests).toHaveLength(1000);
    expect(messageService.requests).toHaveLength(2000);
    expect(service.cacheMetrics()).toMatchObject({ misses: 1000, flights: 0, entries: 1000 });
  }, 60_000);

  it('1,000 concurrent calls with one token cause one exchange, over HTTP', async () => {
    const service = createService();
    const subject = { subjectToken: 'baeldung', audience: 'message-service' };
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => service.exchange(subject)));
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
    expect(authorizationServer.requests).toHaveLength(1);
  });

  it('tenants with one and the same token do not share answers', async () => {
    let tenant = 'acme';
    const service = createService({ tenant: () => tenant });
    const subject = { subjectToken: 'baeldung', audience: 'message-service' };
    await service.exchange(subject);
    tenant = 'umbrella';
    await service.exchange(subject);
    await service.exchange({ ...subject, tenant: 'acme' });
    await service.exchange({ ...subject, tenant: '' });
    expect(authorizationServer.requests).toHaveLength(3);
    expect(service.cacheMetrics()).toMatchObject({ hits: 1, entries: 3 });
    await service.forgetTenant('acme');
    expect(service.cacheMetrics().entries).toBe(2);
  });

  it('what is remembered of a subject counts for the token that it holds, and for no other', async () => {
    let tenant = 'acme';
    const service = createService({ tenant: () => tenant });
    const messages = service.downstream({ name: 'messages', audience: 'message-service' });
    const reports = service.downstream({ name: 'reports', audience: 'report-service' });
    // an object that its owner uses for one user after the other
    const subject: { token: string; type?: string } = { token: 'baeldung' };
    const obtain = ({ authorizer } = messages): Promise<string> =>
      onBehalfOf(subject, async () => {
        const { token, origin } = await authorizer.obtain();
        return `${origin} ${token.token}`;
      });
    expect(await obtain()).toBe('exchanged for-baeldung-at-message-service');
    expect(await obtain()).toBe('hit for-baeldung-at-message-service');
    expect(await obtain(reports)).toBe('exchanged for-baeldung-at-report-service');
    subject.token = 'mallory';
    expect(await obtain()).toBe('exchanged for-mallory-at-message-service');
    subject.type = 'urn:ietf:params:oauth:token-type:jwt';
    expect(await obtain()).toBe('exchanged for-mallory-at-message-service');
    tenant = 'umbrella';
    expect(await obtain()).toBe('exchanged for-mallory-at-message-service');
    await service.forget('mallory');
    expect(await obtain()).toBe('exchanged for-mallory-at-message-service');
    subject.token = 'not\na token';
    await expect(obtain()).rejects.toThrow('malformed');
    expect(authorizationServer.requests).toHaveLength(6);
  });

  it('one token in the objects of many requests is exchanged once', async () => {
    const messages = createService().downstream({ name: 'messages', audience: 'message-service' });
    const obtain = () => onBehalfOf({ token: 'baeldung' }, () => messages.authorizer.obtain());
    expect([(await obtain()).origin, (await obtain()).origin]).toEqual(['exchanged', 'hit']);
    expect(authorizationServer.requests).toHaveLength(1);
  });

  it('a subject token that ends soon ends the reuse, also when it was handed over as text', async () => {
    let now = 1_800_000_000;
    const service = createService({ clocks: { wall: () => now, monotonic: () => now * 1000 } });
    const claims = Buffer.from(JSON.stringify({ exp: now + 20 })).toString('base64url');
    const messages = service.downstream({ name: 'messages', audience: 'message-service' });
    const obtain = () => onBehalfOf(`eyJhbGciOiJFUzI1NiJ9.${claims}.c2ln`, () => messages.authorizer.obtain());
    expect((await obtain()).origin).toBe('exchanged');
    now += 19;
    expect((await obtain()).origin).toBe('hit');
    now += 1;
    expect((await obtain()).origin).toBe('exchanged');
  });

  it('two downstream services of one user get a token each', async () => {
    const service = createService();
    const baseUrl = messageService.url;
    const seen = await onBehalfOf('baeldung', () =>
      Promise.all(
        ['message-service', 'report-service'].map((audience) =>
          service.downstream({ name: audience, audience, baseUrl }).get<{ seen: string }>('/'),
        ),
      ),
    );
    expect(seen.map((answer) => answer.seen)).toEqual([
      'Bearer for-baeldung-at-message-service',
      'Bearer for-baeldung-at-report-service',
    ]);
  });

  it('1,000 concurrent 401 answers cause one new exchange', async () => {
    const service = createService();
    const messages = service.downstream({ name: 'messages', baseUrl: messageService.url, audience: 'message-service' });
    let round = 1;
    authorizationServer.answering = () => ({
      body: {
        access_token: `token-${round}`,
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 300,
      },
    });
    messageService.answering = ({ headers }) => ({
      status: headers.authorization === `Bearer token-${round}` ? 200 : 401,
    });
    await onBehalfOf('baeldung', async () => {
      await messages.get('/');
      round = 2;
      await Promise.all(Array.from({ length: 1000 }, () => messages.get('/')));
    });
    expect(authorizationServer.requests).toHaveLength(2);
  }, 30_000);
});
