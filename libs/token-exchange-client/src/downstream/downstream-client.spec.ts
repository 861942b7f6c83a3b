import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type Answering, type TestServer } from '@onbehalf/testing';
import axios, { AxiosError } from 'axios';
import { z } from 'zod';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import { loadAxios } from '../optional-axios.js';
import { interceptAxios } from './axios-on-behalf.js';
import type { DownstreamClient } from './downstream-client.js';
import type { DownstreamDefinition } from './downstream-definition.js';
import { DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer } from './downstream-errors.js';
import { fetchOnBehalf } from './fetch-on-behalf.js';

const SUBJECT = 'subject-token-of-baeldung';
const SECRET = 's3cret-of-user-service';
let authorizationServer: TestServer;
let messageService: TestServer;
let service: TokenExchangeService;
let issued = 0;

// as the module does when it starts
beforeAll(loadAxios);
beforeEach(async () => {
  issued = 0;
  authorizationServer = await startTestServer(({ form }) => ({
    body: {
      access_token: `${form.has('subject_token') ? 'exchanged' : 'own'}-${++issued}`,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    },
  }));
  messageService = await startTestServer(({ headers, body, path, method }) => ({
    body: { method, path, body, authorization: headers.authorization },
  }));
  service = new TokenExchangeService({
    tokenEndpoint: `${authorizationServer.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: SECRET },
  });
});
afterEach(async () => {
  // whatever has happened in a test: the subject token went to the authorization server only
  for (const { headers, body, path } of messageService.requests) {
    expect(JSON.stringify([headers, body, path])).not.toContain(SUBJECT);
  }
  await Promise.all([authorizationServer.close(), messageService.close()]);
});

const client = (more: Partial<DownstreamDefinition> = {}): DownstreamClient =>
  service.downstream({
    name: 'message-service',
    baseUrl: `${messageService.url}/api`,
    audience: 'message-service',
    ...more,
  });
const asUser = <T>(work: () => Promise<T>): Promise<T> => onBehalfOf(SUBJECT, work);

/** The error of a call, with the assurance that nothing in it tells a secret. */
async function failure(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => new Error('the call has succeeded'),
    (reason: unknown) => reason as Error,
  );
  const told =
    inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error, Object.getOwnPropertyNames(error));
  for (const secret of [SUBJECT, SECRET, 'exchanged-', 'own-']) expect(told).not.toContain(secret);
  return error;
}

describe('calls', () => {
  it('sends each method below the base address with the exchanged token', async () => {
    const messages = client();
    const authorization = 'Bearer exchanged-1';
    const seen = await asUser(() =>
      Promise.all([
        messages.get('/messages', { params: { of: 'today & more' } }),
        messages.post('messages', { text: 'hi' }),
        messages.put('/messages/1', 'text'),
        messages.patch('/messages/1', { text: 'ho' }),
        messages.delete('/messages/1'),
      ]),
    );
    expect(seen).toEqual([
      { method: 'GET', path: '/api/messages?of=today+%26+more', body: '', authorization },
      { method: 'POST', path: '/api/messages', body: '{"text":"hi"}', authorization },
      { method: 'PUT', path: '/api/messages/1', body: 'text', authorization },
      { method: 'PATCH', path: '/api/messages/1', body: '{"text":"ho"}', authorization },
      { method: 'DELETE', path: '/api/messages/1', body: '', authorization },
    ]);
    expect(authorizationServer.requests).toHaveLength(1);
  });

  it('does not let a caller replace the credentials', async () => {
    const headers = { Authorization: `Bearer ${'mine'}`, DPoP: 'mine', 'X-Kept': 'yes' };
    const answer = await asUser(() => client().get<{ authorization: string }>('/', { headers }));
    expect(answer.authorization).toBe('Bearer exchanged-1');
    expect(messageService.requests[0]?.headers['x-kept']).toBe('yes');
  });

  it('calls for itself by client credentials, never with a user’s token', async () => {
    const messages = client();
    const answers = await asUser(async () => [
      await messages.asService().get<{ authorization: string }>('/'),
      await messages.get<{ authorization: string }>('/'),
      await messages.asService().get<{ authorization: string }>('/'),
    ]);
    expect(answers.map(({ authorization }) => authorization)).toEqual([
      'Bearer own-1',
      'Bearer exchanged-2',
      'Bearer own-1',
    ]);
    expect(authorizationServer.requests.map(({ form }) => form.get('grant_type'))).toEqual([
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ]);
  });

  it('names this service as the actor, by its own token, where the server wants an actor_token', async () => {
    await asUser(() => client({ actor: 'service' }).get('/'));
    const { form } = authorizationServer.requests[1]!;
    expect([form.get('actor_token'), form.get('actor_token_type')]).toEqual([
      'own-1',
      'urn:ietf:params:oauth:token-type:access_token',
    ]);
  });

  it('names this service by a token that is good for acting alone, where the server wants one', async () => {
    await asUser(() => client({ actor: { resource: 'urn:example:actors', scope: 'act' } }).get('/'));
    const [own, exchanged] = authorizationServer.requests.map(({ form }) => form);
    expect(['grant_type', 'resource', 'scope'].map((name) => own!.get(name))).toEqual([
      'client_credentials',
      'urn:example:actors',
      'act',
    ]);
    expect(exchanged!.get('actor_token')).toBe('own-1');
  });

  it('names another actor by a token that is handed in', async () => {
    const actor = { token: () => Promise.resolve('agent-token'), type: 'urn:ietf:params:oauth:token-type:jwt' };
    await asUser(() => client({ actor }).get('/'));
    const { form } = authorizationServer.requests[0]!;
    expect([form.get('actor_token'), form.get('actor_token_type')]).toEqual(['agent-token', actor.type]);
  });

  it('an inspection of the clients shows no secret and no token', async () => {
    const messages = client();
    await asUser(() => messages.get('/'));
    const told = inspect([service, service.source, messages, messages.authorizer], { depth: 12, showHidden: true });
    for (const secret of [SUBJECT, SECRET, 'exchanged-1']) expect(told).not.toContain(secret);
  });

  it('outside of a request there is no user to act for: nothing is sent', async () => {
    expect(await failure(client().get('/'))).toMatchObject({ name: 'NoSubjectToken' });
    expect(authorizationServer.requests).toHaveLength(0);
  });

  it('an abort ends the call, and not as a failure of the service', async () => {
    const reached = Promise.withResolvers<void>();
    messageService.answering = () => {
      reached.resolve();
      return new Promise(() => undefined);
    };
    const caller = new AbortController();
    const call = asUser(() => client().get('/', { signal: caller.signal }));
    await reached.promise;
    caller.abort(new Error('the user left'));
    await expect(call).rejects.toThrow('the user left');
  });
});

describe('the token goes to the base address only', () => {
  it.each([
    '//evil.example/',
    'https://evil.example/',
    'https://evil.example/api/messages',
    '//evil.example/api/messages',
    '/\\evil.example/api/messages',
    'http://127.0.0.1:1/api/messages',
    'http://127.0.0.1:1/',
    '/../secret',
    '/..%2f..',
    '/%2e%2e/secret',
    '\\\\evil.example\\',
    '/\\evil.example',
    'https://user:pass@evil.example/',
    'javascript:alert(1)',
    '../apiary',
  ])('%s is refused, or stays below it', async (path) => {
    const outcome = await asUser(() => client().get<{ path: string }>(path)).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(TypeError);
      expect(messageService.requests).toHaveLength(0);
    } else {
      expect((outcome as { path: string }).path).toMatch(/^\/api\//);
    }
  });

  it.each(['https://evil.example/api/', '//evil.example/api/', '/\\evil.example/api/', 'http://127.0.0.1:1/api/'])(
    'with fetch as well: %s',
    async (path) => {
      await expect(asUser(async () => fetchOnBehalf(client())(path))).rejects.toBeInstanceOf(TypeError);
      expect(authorizationServer.requests).toHaveLength(0);
    },
  );

  it('a service without an address cannot be called by HTTP', async () => {
    const messagesOnly = service.downstream({ name: 'message-service', audience: 'message-service' });
    await expect(asUser(() => messagesOnly.get('/'))).rejects.toBeInstanceOf(TypeError);
  });

  it('RFC 8693 §2.2.1: a token that is no access token (N_A) is not sent', async () => {
    authorizationServer.answering = () => ({
      body: {
        access_token: 'exchanged-assertion',
        issued_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_type: 'N_A',
      },
    });
    expect(await failure(asUser(() => client().get('/')))).toMatchObject({ name: 'ExchangeUnavailable' });
    expect(messageService.requests).toHaveLength(0);
  });

  it.each([301, 302, 307, 308])('a redirect (%d) is not followed', async (status) => {
    const elsewhere = await startTestServer(() => ({ body: 'stolen' }));
    messageService.answering = () => ({ status, headers: { location: elsewhere.url } });
    expect(await failure(asUser(() => client().get('/')))).toMatchObject({ name: 'DownstreamRefused', status });
    const wrapped = await asUser(() => fetchOnBehalf(client())('/'));
    expect(wrapped.status).toBe(status);
    expect(elsewhere.requests).toHaveLength(0);
    await elsewhere.close();
  });
});

describe('401 ends the reuse of a token', () => {
  const refuseFirst =
    (count: number): Answering =>
    ({ headers }) =>
      messageService.requests.length <= count ? { status: 401 } : { body: headers.authorization };

  it('one retry with a new token, when the refused one came from the cache', async () => {
    const messages = client();
    await asUser(() => messages.get('/'));
    messageService.answering = refuseFirst(2);
    expect(await asUser(() => messages.post('/', { text: 'hi' }))).toBe('Bearer exchanged-2');
    expect(messageService.requests.map(({ body }) => body)).toEqual(['', '{"text":"hi"}', '{"text":"hi"}']);
  });

  it('no retry when the refused token was fresh; the next call gets a new one', async () => {
    messageService.answering = refuseFirst(1);
    const messages = client();
    expect(await failure(asUser(() => messages.get('/')))).toMatchObject({ name: 'DownstreamRefused', status: 401 });
    expect(messageService.requests).toHaveLength(1);
    expect(await asUser(() => messages.get('/'))).toBe('Bearer exchanged-2');
  });

  it('not more than one retry', async () => {
    const messages = client();
    await asUser(() => messages.get('/'));
    messageService.answering = () => ({ status: 401 });
    await failure(asUser(() => messages.get('/')));
    expect(messageService.requests).toHaveLength(3);
    expect(authorizationServer.requests).toHaveLength(2);
  });

  it('not more than one retry per call either when many calls renew one token', async () => {
    const messages = client();
    await asUser(() => messages.get('/'));
    messageService.answering = () => ({ status: 401 });
    await Promise.all(Array.from({ length: 10 }, () => failure(asUser(() => messages.get('/')))));
    expect(messageService.requests.length).toBeLessThanOrEqual(21);
  });

  it('no retry when the body cannot be sent again', async () => {
    const messages = client();
    await asUser(() => messages.get('/'));
    messageService.answering = refuseFirst(2);
    await failure(asUser(() => messages.post('/', Readable.from(['once']))));
    expect(messageService.requests).toHaveLength(2);
  });

  it('RFC 9470: a demand for another authentication is told, not retried, and keeps the token', async () => {
    const messages = client();
    await asUser(() => messages.get('/'));
    const challenge =
      'Bearer error="insufficient_user_authentication", error_description="stronger, \\"please\\"", ' +
      'acr_values="urn:mfa urn:hw", max_age=300';
    messageService.answering = () => ({ status: 401, headers: { 'www-authenticate': challenge } });
    expect(await failure(asUser(() => messages.get('/')))).toMatchObject({
      error: 'insufficient_user_authentication',
      description: 'stronger, "please"',
      stepUp: { acrValues: 'urn:mfa urn:hw', maxAge: 300 },
    });
    expect(messageService.requests).toHaveLength(2);
    expect(service.cacheMetrics().entries).toBe(1);
  });
});

describe('failures', () => {
  it.each([
    [400, DownstreamRefused],
    [403, DownstreamRefused],
    [404, DownstreamRefused],
    [409, DownstreamRefused],
    [429, DownstreamUnavailable],
    [500, DownstreamUnavailable],
    [504, DownstreamUnavailable],
  ] as const)('status %d', async (status, type) => {
    messageService.answering = () => ({ status, body: { detail: 'why' } });
    const error = await failure(asUser(() => client().get('/')));
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ status, service: 'message-service' });
    expect(messageService.requests).toHaveLength(1);
  });

  it('a challenge that quotes the token loses it', async () => {
    const quoted = `eyJhbGciOiJFUzI1NiJ9.${'x'.repeat(40)}.${'y'.repeat(40)}`;
    const challenge = `Bearer error="invalid_token", error_description="the token ${quoted} is bad"`;
    messageService.answering = () => ({ status: 401, headers: { 'www-authenticate': challenge } });
    const error = await failure(asUser(() => client().get('/')));
    expect(error).toMatchObject({ error: 'invalid_token', description: 'the token [token] is bad' });
  });

  it('a refusal holds the body for who wants to judge it', async () => {
    messageService.answering = () => ({ status: 404, body: { detail: 'no such message' } });
    const error = (await failure(asUser(() => client().get('/')))) as DownstreamRefused;
    expect(error.body).toEqual({ detail: 'no such message' });
    expect(JSON.stringify(error)).not.toContain('no such message');
  });

  it.each([502, 503])('%d: a safe call is sent once more', async (status) => {
    messageService.answering = () => (messageService.requests.length === 1 ? { status } : { body: 'hello' });
    expect(await asUser(() => client().get('/'))).toBe('hello');
  });

  it('a broken connection: a safe call is sent once more, another one is not', async () => {
    const messages = client();
    const breakFirst: Answering = ({ raw }) => {
      if (messageService.requests.length % 2 === 1) raw.socket.destroy();
      return { body: 'hello' };
    };
    messageService.answering = breakFirst;
    expect(await asUser(() => messages.get('/'))).toBe('hello');
    messageService.requests.length = 0;
    const error = await failure(asUser(() => messages.post('/', 'x')));
    expect(error).toMatchObject({ name: 'DownstreamUnavailable', reason: 'connection' });
    expect(messageService.requests).toHaveLength(1);
  });

  it('no answer in time', async () => {
    messageService.answering = () => new Promise(() => undefined);
    const error = await failure(asUser(() => client({ timeout: 50 }).get('/')));
    expect(error).toMatchObject({ name: 'DownstreamUnavailable', reason: 'timeout' });
  });

  it('an answer that is too long', async () => {
    messageService.answering = () => ({ body: 'x'.repeat(10_000) });
    const error = await failure(asUser(() => client({ maxAnswerBytes: 1000 }).get('/')));
    expect(error).toMatchObject({ name: 'DownstreamUnavailable', reason: 'oversized' });
  });

  it('Retry-After is honoured: no call before it', async () => {
    messageService.answering = () => ({ status: 503, headers: { 'retry-after': '30' } });
    const messages = client();
    expect(await failure(asUser(() => messages.get('/')))).toMatchObject({ status: 503, retryAfter: 30 });
    expect(await failure(asUser(() => messages.get('/')))).toMatchObject({ reason: 'resting', retryAfter: 30 });
    expect(messageService.requests).toHaveLength(1);
  });

  it('a caller that is throttled does not silence the others', async () => {
    messageService.answering = () =>
      messageService.requests.length === 1 ? { status: 429, headers: { 'retry-after': '30' } } : { body: 'hello' };
    const messages = client();
    expect(await failure(asUser(() => messages.get('/')))).toMatchObject({ status: 429, retryAfter: 30 });
    expect(await onBehalfOf('another-user', () => messages.get('/'))).toBe('hello');
  });

  it('ten failures of the last twenty calls: the service is left alone', async () => {
    const messages = client();
    messageService.answering = () => ({ status: messageService.requests.length % 2 === 0 ? 500 : 200, body: '' });
    for (let i = 0; i < 19; i++) await asUser(() => messages.post('/')).catch(() => undefined);
    expect(messageService.requests).toHaveLength(19);
    await failure(asUser(() => messages.post('/')));
    expect(await failure(asUser(() => messages.post('/')))).toMatchObject({ reason: 'resting' });
    expect(messageService.requests).toHaveLength(20);
  });

  it('refusals by the service do not count as failures', async () => {
    const messages = client();
    messageService.answering = () => ({ status: 404 });
    for (let i = 0; i < 25; i++) await failure(asUser(() => messages.get('/')));
    expect(messageService.requests).toHaveLength(25);
  });
});

describe('schema (Standard Schema)', () => {
  const Message = z.object({ text: z.string(), at: z.coerce.date() });

  it('gives what the schema makes of the answer', async () => {
    messageService.answering = () => ({ body: { text: 'hi', at: '2026-11-21T00:00:00Z', more: 1 } });
    const message = await asUser(() => client().get('/', { schema: Message }));
    expect(message).toEqual({ text: 'hi', at: new Date('2026-11-21T00:00:00Z') });
  });

  it('tells what is wrong and where, without the values', async () => {
    messageService.answering = () => ({ body: { text: 4711, at: '2026-11-21T00:00:00Z' } });
    const error = await failure(asUser(() => client().get('/', { schema: Message })));
    expect(error).toBeInstanceOf(UnexpectedAnswer);
    expect((error as UnexpectedAnswer).issues[0]).toMatch(/^text: /);
    expect(error.message).not.toContain('4711');
    const whole = await failure(asUser(() => client().get('/', { schema: z.string() })));
    expect((whole as UnexpectedAnswer).issues[0]).not.toMatch(/^: /);
  });
});

describe('interceptAxios', () => {
  it('sends the exchanged token with every request of an instance, its interceptors included once', async () => {
    const instance = axios.create({ baseURL: `${messageService.url}/api` });
    let intercepted = 0;
    instance.interceptors.request.use((config) => {
      intercepted += 1;
      return config;
    });
    interceptAxios(instance, client());
    await asUser(() => instance.get('/messages'));
    messageService.answering = ({ headers }) =>
      messageService.requests.length === 2 ? { status: 401 } : { body: headers.authorization };
    expect((await asUser(() => instance.get('/messages'))).data).toBe('Bearer exchanged-2');
    expect(intercepted).toBe(2);
  });

  it('leaves no token in an error', async () => {
    const instance = axios.create({ baseURL: `${messageService.url}/api` });
    interceptAxios(instance, client());
    messageService.answering = () => ({ status: 500 });
    const error = await failure(asUser(() => instance.get('/')));
    expect(error).toBeInstanceOf(AxiosError);
    expect((error as AxiosError).response?.status).toBe(500);
  });

  it('refuses an address that is not below the base address', async () => {
    const instance = axios.create();
    interceptAxios(instance, client());
    await expect(asUser(() => instance.get('http://127.0.0.1:1/'))).rejects.toBeInstanceOf(TypeError);
  });
});

describe('fetchOnBehalf', () => {
  it('is fetch with the exchanged token, and renews it after a 401', async () => {
    const fetchMessages = fetchOnBehalf(client());
    const post = () =>
      asUser(() => fetchMessages('/messages', { method: 'post', body: 'hi', headers: { 'x-kept': 'yes' } }));
    expect(await (await post()).json()).toMatchObject({ method: 'POST', path: '/api/messages', body: 'hi' });
    messageService.answering = ({ headers }) =>
      messageService.requests.length === 2 ? { status: 401, body: 'no' } : { body: headers.authorization };
    expect(await (await post()).text()).toBe('Bearer exchanged-2');
    expect(messageService.requests[2]?.headers['x-kept']).toBe('yes');
  });
});
