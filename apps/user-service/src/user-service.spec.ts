import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { createTestIssuer, startTestServer, type ServedTestIssuer, type TestServer } from '@onbehalf/testing';
import { decodeJwt } from 'jose';
import { userService } from './user-service.js';

let issuer: ServedTestIssuer;
let tokenEndpoint: TestServer;
let messageService: TestServer;
let app: CreatedApp;
let base: string;
let tokenB: string;
const lines: string[] = [];

beforeAll(async () => {
  issuer = await createTestIssuer({ http: true, audience: 'user-service' });
  tokenEndpoint = await startTestServer(() => ({}));
  messageService = await startTestServer(() => ({}));
  const given = {
    PORT: '0',
    ISSUER: issuer.issuer,
    TOKEN_ENDPOINT: `${tokenEndpoint.url}/token`,
    MESSAGE_SERVICE_URL: messageService.url,
  };
  app = await createApp(userService, given, { write: (line) => void lines.push(line) });
  base = `http://localhost:${((await app.listen()).address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close(0);
  await Promise.all([issuer.close(), tokenEndpoint.close(), messageService.close()]);
});

beforeEach(async () => {
  tokenB = await issuer.token({ aud: 'message-service', scope: 'message.read', act: { sub: 'user-service' } });
  tokenEndpoint.answering = () => ({
    body: {
      access_token: tokenB,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    },
  });
  messageService.answering = ({ headers }) => ({
    body: {
      message: 'Hello',
      hops: [{ service: 'message-service', claims: decodeJwt(headers.authorization?.slice(7) ?? '') }],
    },
  });
});

afterEach(() => {
  tokenEndpoint.requests.length = 0;
  messageService.requests.length = 0;
  lines.length = 0;
});

const tokenA = (claims: Record<string, unknown> = {}): Promise<string> =>
  issuer.token({ sub: 'baeldung', scope: 'user.read', client_id: 'client-app', ...claims });

async function call(path: string, token?: string): Promise<Response> {
  return fetch(base + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
}

describe('GET /user/message', () => {
  it('exchanges the token that it was called with for one for message-service', async () => {
    const token = await tokenA();
    await call('/user/message', token);
    const [request] = tokenEndpoint.requests;
    expect(request?.headers.authorization).toBe(`Basic ${btoa('user-service:user-service-secret')}`);
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'message-service',
      scope: 'message.read',
    });
  });

  it('calls message-service with the exchanged token, never with its own', async () => {
    await call('/user/message', await tokenA());
    expect(messageService.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/message', `Bearer ${tokenB}`],
    ]);
  });

  it('answers with the message and the claims that each service saw, and with no token', async () => {
    const token = await tokenA();
    const response = await call('/user/message', token);
    const text = await response.text();
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(JSON.parse(text)).toMatchObject({
      message: 'Hello',
      hops: [
        { service: 'user-service', claims: decodeJwt(token) },
        { service: 'message-service', claims: decodeJwt(tokenB) },
      ],
    });
    const { calls } = (JSON.parse(text) as { hops: { calls: { name: string; duration: number }[] }[] }).hops[0]!;
    expect(calls.map(({ name }) => name)).toEqual(['token exchange', 'GET message-service']);
    expect(calls.every(({ duration }) => duration > 0)).toBe(true);
    for (const secret of [token, tokenB]) expect(text + lines.join('')).not.toContain(secret);
  });

  it.each([
    ['message-service fails', () => (messageService.answering = () => ({ status: 500, body: 'stack trace' })), 502],
    ['it refuses the exchanged token', () => (messageService.answering = () => ({ status: 401 })), 502],
    ['it answers something else', () => (messageService.answering = () => ({ body: { hello: 1 } })), 502],
    ['it forbids', () => (messageService.answering = () => ({ status: 403 })), 403],
    ['the exchange is misconfigured', () => (tokenEndpoint.answering = refusal('invalid_client', 401)), 502],
    ['the policy refuses the exchange', () => (tokenEndpoint.answering = refusal('invalid_scope', 400)), 403],
  ])('answers with a problem document and a reference when %s', async (_case, fail, status) => {
    fail();
    const token = await tokenA();
    const response = await call('/user/message', token);
    const text = await response.text();
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    const problem = JSON.parse(text) as Record<string, string>;
    expect(problem).toMatchObject({
      status,
      title: expect.any(String) as unknown,
      detail: expect.any(String) as unknown,
    });
    expect(lines.some((line) => line.includes(`"traceId":"${problem['reference']}"`))).toBe(true);
    for (const secret of [token, tokenB, 'stack trace']) expect(text + lines.join('')).not.toContain(secret);
  });

  it.each([
    ['no token', undefined, 401, 'Bearer'],
    [
      'a token for another service',
      { aud: 'message-service' },
      401,
      /^Bearer error="invalid_token", .*got 'message-service'/,
    ],
    ['too little scope', { scope: 'profile' }, 403, /^Bearer error="insufficient_scope".*scope="user\.read"/],
    ['an expired token', { exp: 1 }, 401, /^Bearer error="invalid_token"/],
  ])('refuses %s, and asks nobody', async (_case, claims, status, challenge) => {
    const response = await call('/user/message', claims && (await tokenA(claims)));
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toMatch(challenge);
    expect([tokenEndpoint.requests, messageService.requests]).toEqual([[], []]);
  });
});

describe('GET /user/profile', () => {
  it("answers with the profile of the token's subject and the claims that it saw", async () => {
    const token = await tokenA({
      client_id: 'message-service',
      act: { sub: 'message-service', act: { sub: 'user-service' } },
    });
    const response = await call('/user/profile', token);
    expect(await response.json()).toMatchObject({
      subject: 'baeldung',
      name: 'Baeldung',
      hops: [{ service: 'user-service', claims: decodeJwt(token) }],
    });
  });

  it('knows a client that acts for itself by its id', async () => {
    expect(await (await call('/user/profile', await tokenA({ sub: 'batch' }))).json()).toMatchObject({ name: 'batch' });
  });

  it('needs the scope user.read', async () => {
    expect((await call('/user/profile', await tokenA({ scope: 'message.read' }))).status).toBe(403);
  });
});

describe('OpenAPI', () => {
  it('describes both routes, with the scope that the bearer token needs', async () => {
    const description = (await (await call('/docs-json')).json()) as {
      paths: Record<string, { get: { security: unknown } }>;
    };
    expect(Object.entries(description.paths).map(([path, { get }]) => [path, get.security])).toEqual([
      ['/user/message', [{ bearer: ['user.read'] }]],
      ['/user/profile', [{ bearer: ['user.read'] }]],
    ]);
  });
});

function refusal(error: string, status: number): TestServer['answering'] {
  return () => ({ status, body: { error } });
}

describe('TOKEN_PROFILE', () => {
  const exchanged = {
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 300,
    scope: 'message.read',
  };

  // shapes as these servers issue them: Spring writes scope as a list and no typ, Keycloak says typ in a claim and azp
  it.each([
    [
      'spring',
      { header: { typ: undefined }, aud: 'user-service', scope: ['openid', 'user.read'], nbf: 1, client_id: undefined },
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        scope: 'message.read',
      },
    ],
    [
      'keycloak',
      { header: { typ: 'JWT' }, typ: 'Bearer', azp: 'client-app', client_id: undefined, scope: 'openid user.read' },
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: 'message-service',
        scope: 'message.read',
      },
    ],
  ])('%s: its tokens are accepted, and exchanged as it wants it', async (profile, claims, form) => {
    const given = {
      PORT: '0',
      ISSUER: issuer.issuer,
      TOKEN_ENDPOINT: `${tokenEndpoint.url}/token`,
      MESSAGE_SERVICE_URL: messageService.url,
      TOKEN_PROFILE: profile,
    };
    const service = await createApp(userService, given, { write: () => undefined });
    const { port } = (await service.listen()).address() as AddressInfo;
    tokenEndpoint.answering = () => ({ body: { access_token: tokenB, ...exchanged } });
    messageService.answering = () => ({ body: { message: 'hello', hops: [] } });
    const token = await issuer.token({ sub: 'baeldung', ...claims });
    const answer = await fetch(`http://localhost:${port}/user/message`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([200, null]);
    const { subject_token, ...sent } = Object.fromEntries(tokenEndpoint.requests[0]?.form ?? []);
    expect([subject_token, sent]).toEqual([token, form]);
    await service.close(0);
  });
});
