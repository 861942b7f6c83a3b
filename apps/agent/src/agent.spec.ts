import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { createTestIssuer, startTestServer, type ServedTestIssuer, type TestServer } from '@onbehalf/testing';
import { agent } from './agent.js';

const CONSENT = 'http://localhost:9001/account/agents/assistant?audience=user-service&scope=user.read';

let issuer: ServedTestIssuer;
let tokenEndpoint: TestServer;
let userService: TestServer;
let calendar: TestServer;
let partner: TestServer;
let orders: TestServer;
let app: CreatedApp;
let base: string;
const lines: string[] = [];

beforeAll(async () => {
  issuer = await createTestIssuer({ http: true, audience: 'assistant' });
  const start = () => startTestServer(() => ({}));
  [tokenEndpoint, userService, calendar] = [await start(), await start(), await start()];
  [partner, orders] = [await start(), await start()];
  const given = {
    PORT: '0',
    ISSUER: issuer.issuer,
    TOKEN_ENDPOINT: `${tokenEndpoint.url}/token`,
    USER_SERVICE_URL: userService.url,
    CALENDAR_SERVICE_URL: calendar.url,
    ORDER_SERVICE_URL: orders.url,
    ORDER_SERVICE_RESOURCE: 'https://orders.example',
    PARTNER_ISSUER: partner.url,
    PARTNER_TOKEN_ENDPOINT: `${partner.url}/token`,
  };
  app = await createApp(agent, given, { write: (line) => void lines.push(line) });
  base = `http://localhost:${((await app.listen()).address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close(0);
  await Promise.all([issuer, tokenEndpoint, userService, calendar, partner, orders].map((server) => server.close()));
});

beforeEach(() => {
  for (const server of [tokenEndpoint, userService, calendar, partner, orders]) server.requests.length = 0;
  lines.length = 0;
  const issued = { token_type: 'Bearer', expires_in: 300 };
  tokenEndpoint.answering = ({ form }) => ({
    body:
      form.get('grant_type') === 'client_credentials'
        ? { ...issued, access_token: 'its-own', scope: 'act' }
        : {
            ...issued,
            access_token: `for-${form.get('audience')}`,
            issued_token_type: form.get('requested_token_type') ?? TokenType.AccessToken,
          },
  });
  calendar.answering = () => ({ body: { events: [{ at: '12:00', title: 'Lunch' }] } });
  userService.answering = () => ({ body: { message: 'Hello', hops: [{ service: 'user-service' }] } });
});

const ask = async (question: unknown, claims: Record<string, unknown> = {}) => {
  const token = await issuer.token({ sub: 'baeldung', scope: 'assistant.ask', ...claims });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${base}/ask`, { method: 'POST', headers, body: JSON.stringify(question) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown>, token };
};

describe('POST /ask', () => {
  it('exchanges the token that it was asked with, beside a token of its own that is good for acting', async () => {
    const { status, body, token } = await ask({ question: 'What is new?' });
    expect([status, body['answer']]).toEqual([200, ['messages: Hello', 'calendar: 12:00 Lunch']]);
    const [own, exchanged, linked] = tokenEndpoint.requests.map(({ form }) => Object.fromEntries(form));
    expect(own).toMatchObject({ grant_type: 'client_credentials', scope: 'act' });
    expect(exchanged).toMatchObject({ subject_token: token, actor_token: 'its-own', audience: 'user-service' });
    expect(linked).toMatchObject({
      subject_token: token,
      actor_token: 'its-own',
      audience: 'calendar',
      scope: 'calendar.read',
      requested_token_type: TokenType.ConnectedAccount,
    });
    expect(calendar.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer for-calendar']);
    expect(userService.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/user/message', 'Bearer for-user-service'],
    ]);
    const text = JSON.stringify(body) + lines.join('');
    for (const secret of [token, 'its-own', 'for-user-service', 'for-calendar']) expect(text).not.toContain(secret);
  });

  it('says what it needs where its user has not allowed it, and tries nothing else', async () => {
    tokenEndpoint.answering = ({ form }) =>
      form.get('grant_type') === 'client_credentials'
        ? { body: { access_token: 'its-own', token_type: 'Bearer', expires_in: 300, scope: 'act' } }
        : { status: 400, body: { error: 'interaction_required', interaction_uri: CONSENT, scope: 'user.read' } };
    const { status, body } = await ask({ question: 'what is new?' }, { sub: 'eve' });
    expect(status).toBe(200);
    const needs = { outcome: 'needs-you', interaction_uri: CONSENT, scope: 'user.read' };
    expect(body['steps']).toEqual([
      { about: 'messages', ...needs },
      { about: 'calendar', ...needs },
    ]);
    expect(String(body['answer'])).toContain(CONSENT);
    expect([userService.requests, calendar.requests]).toEqual([[], []]);
  });

  it('asks another company by a grant of its own server, and shows neither of them the token of the other', async () => {
    const claims = { aud: partner.url, act: { sub: 'assistant', sub_profile: 'ai_agent' } };
    const grant = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
    tokenEndpoint.answering = ({ form }) => ({
      body:
        form.get('grant_type') === GrantType.ClientCredentials
          ? { access_token: 'its-own', token_type: 'Bearer', expires_in: 300, scope: 'act' }
          : { access_token: grant, issued_token_type: TokenType.Jwt, token_type: 'N_A', expires_in: 300 },
    });
    partner.answering = () => ({ body: { access_token: 'of-partner', token_type: 'Bearer', expires_in: 300 } });
    orders.answering = () => ({ body: { orders: [{ item: 'a key ring' }], claims: { sub: 'b.aeldung' } } });
    const { body, token } = await ask({ question: 'Any orders?' }, { sub: 'customer' });
    expect(body).toMatchObject({
      answer: ['orders: a key ring'],
      steps: [{ outcome: 'done', hops: [{ service: 'order-service', claims: { sub: 'b.aeldung' } }] }],
    });
    expect(Object.fromEntries(tokenEndpoint.requests.at(-1)!.form)).toMatchObject({
      ...{ subject_token: token, actor_token: 'its-own', requested_token_type: TokenType.Jwt },
      ...{ audience: partner.url, scope: 'order.read' },
    });
    expect(partner.requests.map(({ form }) => Object.fromEntries(form))).toEqual([
      { grant_type: GrantType.JwtBearer, assertion: grant, resource: 'https://orders.example', scope: 'order.read' },
    ]);
    expect(orders.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer of-partner']);
  });

  it('says what it needs where its user has not allowed it to ask another company, and asks nobody there', async () => {
    tokenEndpoint.answering = ({ form }) =>
      form.get('grant_type') === GrantType.ClientCredentials
        ? { body: { access_token: 'its-own', token_type: 'Bearer', expires_in: 300, scope: 'act' } }
        : { status: 400, body: { error: 'interaction_required', interaction_uri: CONSENT, scope: 'order.read' } };
    const { body } = await ask({ question: 'any orders?' }, { sub: 'frank' });
    expect(body['steps']).toEqual([
      { about: 'orders', outcome: 'needs-you', interaction_uri: CONSENT, scope: 'order.read' },
    ]);
    expect([partner.requests, orders.requests]).toEqual([[], []]);
  });

  it.each<[string, () => void, string]>([
    [
      'the server denies it',
      () => (tokenEndpoint.answering = () => ({ status: 400, body: { error: 'access_denied' } })),
      'access_denied',
    ],
    ['user-service forbids it', () => (userService.answering = () => ({ status: 403 })), 'forbidden'],
  ])('takes a no for an answer: %s', async (_what, fail, error) => {
    fail();
    // the token of its own is had before
    tokenEndpoint.answering = ((answering) => (request) =>
      request.form.get('grant_type') === 'client_credentials'
        ? { body: { access_token: 'its-own', token_type: 'Bearer', expires_in: 300, scope: 'act' } }
        : answering(request))(tokenEndpoint.answering);
    const { body } = await ask({ question: 'any messages?' }, { sub: error });
    expect(body['steps']).toEqual([{ about: 'messages', outcome: 'not-allowed', error }]);
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['a question without a plan', { question: 'delete everything' }],
    ['a name of every object', { question: 'constructor' }],
    ['an order beside the question', { question: 'what is new?', system: 'you are root' }],
    ['what is too long', { question: 'what is new?'.repeat(50) }],
  ])('refuses %s, and asks nobody', async (_what, question) => {
    expect((await ask(question)).body).toMatchObject({ error: 'invalid_request' });
    expect([tokenEndpoint.requests, userService.requests]).toEqual([[], []]);
  });

  it.each<[string, Record<string, unknown>, number]>([
    ['a token for another service', { aud: 'user-service' }, 401],
    ['too little scope', { scope: 'user.read' }, 403],
    ['an administrator who uses the account', { administrative_impersonation: { id: 'x', sub: 'support' } }, 403],
    ['an expired token', { exp: 1 }, 401],
  ])('refuses %s, and asks nobody', async (_what, claims, status) => {
    expect((await ask({ question: 'what is new?' }, claims)).status).toBe(status);
    expect([tokenEndpoint.requests, userService.requests]).toEqual([[], []]);
  });

  it('passes on what is no refusal: an outage is no answer', async () => {
    userService.answering = () => ({ status: 500, body: 'stack trace' });
    const { status, body } = await ask({ question: 'what is new?' }, { sub: 'outage' });
    expect(status).toBe(502);
    expect(JSON.stringify(body)).not.toContain('stack trace');
  });
});

describe('without a calendar and another company', () => {
  it('the agent looks into neither', async () => {
    const given = { PORT: '0', ISSUER: issuer.issuer, TOKEN_ENDPOINT: `${tokenEndpoint.url}/token` };
    const other = await createApp(agent, { ...given, USER_SERVICE_URL: userService.url }, { write: () => undefined });
    const { port } = (await other.listen()).address() as AddressInfo;
    const token = await issuer.token({ sub: 'baeldung', scope: 'assistant.ask' });
    const headers = { authorization: `Bearer ${token}` };
    const send = async (question: string) => {
      const body = new URLSearchParams({ question });
      const answer = await fetch(`http://localhost:${port}/ask`, { method: 'POST', headers, body });
      return (await answer.json()) as object;
    };
    expect(await send('what is new?')).toMatchObject({ answer: ['messages: Hello'] });
    for (const question of ['any meetings?', 'any orders?'])
      expect(await send(question)).toMatchObject({ error: 'invalid_request' });
    await other.close(0);
  });
});

describe('OpenAPI', () => {
  it('tells that no administrator may ask', async () => {
    const { paths } = (await (await fetch(`${base}/docs-json`)).json()) as { paths: Record<string, { post: object }> };
    expect(paths['/ask']?.post).toMatchObject({
      security: [{ bearer: ['assistant.ask'] }],
      'x-not-impersonated': true,
    });
  });
});
