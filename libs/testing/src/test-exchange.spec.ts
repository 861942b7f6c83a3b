import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { verifyAccessToken } from '@onbehalf/jwt-verification';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, postForm, type Fields } from '@onbehalf/testing-internal';
import {
  createTestExchange,
  createTestIssuer,
  type ExchangeRule,
  type TestExchange,
  type TestIssuer,
} from './index.js';

const SECRET = randomUUID();
const RULES: readonly ExchangeRule[] = [
  { target: 'message-service', client: 'user-service', scopes: ['message.read', 'message.write'] },
  { target: 'inbox', subjectAudience: 'user-service' },
  { target: 'payroll', refuse: 'insufficient_user_authentication' },
  { target: 'archive', mode: 'impersonation', claims: { tenant: 'acme' } },
];

let exchange: TestExchange;
let partner: TestIssuer;
beforeAll(async () => {
  partner = await createTestIssuer({ issuer: 'https://partner.test' });
  const clients = { 'user-service': SECRET, 'other-service': SECRET };
  exchange = await createTestExchange({ audience: 'user-service', clients, issuers: [partner], rules: RULES });
});
afterEach(() => {
  exchange.answering = undefined;
  exchange.requests.splice(0);
});
afterAll(() => exchange.close());

/** An exchange as it should be, but for these fields. */
async function ask(
  fields: Fields = {},
  headers: Record<string, string> = { authorization: basic('user-service', SECRET) },
) {
  const good = {
    grant_type: GrantType.TokenExchange,
    subject_token: await exchange.token({ sub: 'baeldung', scope: 'user.read' }),
    subject_token_type: TokenType.AccessToken,
    audience: 'message-service',
  };
  return postForm(exchange.tokenEndpoint, { ...good, ...fields }, headers);
}

async function issued(fields: Fields = {}) {
  const { body } = await ask(fields);
  return verifyAccessToken(String(body['access_token']), { issuers: [exchange] });
}

describe('createTestExchange', () => {
  it('exchanges as its rules allow, with a signature that verifies, and keeps what it was asked', async () => {
    const { status, body, headers } = await ask({ scope: 'message.read' });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      issued_token_type: TokenType.AccessToken,
      token_type: 'Bearer',
      expires_in: expect.any(Number) as unknown,
      scope: 'message.read',
    });
    const expected = { issuers: [exchange], audiences: ['message-service'] };
    expect(await verifyAccessToken(String(body['access_token']), expected)).toMatchObject({
      subject: 'baeldung',
      clientId: 'user-service',
      scopes: ['message.read'],
      actors: [{ sub: 'user-service' }],
    });
    expect(exchange.requests).toEqual([
      expect.objectContaining({
        clientId: 'user-service',
        targets: ['message-service'],
        scopes: ['message.read'],
        subject: expect.objectContaining({ subject: 'baeldung' }) as unknown,
        status: 200,
      }),
    ]);
  });

  it('grants all of the rule without a scope, names who acts, and lets no token outlive its subject token', async () => {
    const soon = Math.floor(Date.now() / 1000) + 60;
    const subject_token = await exchange.token({ act: { sub: 'web-app' }, exp: soon });
    expect(await issued({ subject_token })).toMatchObject({
      scopes: ['message.read', 'message.write'],
      actors: [{ sub: 'user-service' }, { sub: 'web-app' }],
      expiresAt: soon,
    });
    const actor_token = await partner.token({ sub: 'agent' });
    expect(await issued({ actor_token, actor_token_type: TokenType.AccessToken })).toMatchObject({
      actors: [{ sub: 'agent' }],
    });
    expect(await issued({ audience: 'archive' })).toMatchObject({ actors: [], claims: { tenant: 'acme' } });
  });

  it('gives a client a token of its own', async () => {
    const fields = { grant_type: GrantType.ClientCredentials, subject_token: undefined, subject_token_type: undefined };
    expect(await issued(fields)).toMatchObject({ subject: 'user-service', actors: [] });
  });

  it.each<[string, Fields | (() => Promise<Fields>), string]>([
    ['no grant_type', { grant_type: undefined }, 'invalid_request'],
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['no subject_token', { subject_token: undefined }, 'invalid_request'],
    ['no subject_token_type', { subject_token_type: undefined }, 'invalid_request'],
    ['a type that it does not know', { subject_token_type: TokenType.Saml2 }, 'invalid_request'],
    ['a repeated scope', { scope: ['message.read', 'message.read'] }, 'invalid_request'],
    ['an actor_token without a type', { actor_token: 'x' }, 'invalid_request'],
    ['a requested type that it does not issue', { requested_token_type: TokenType.RefreshToken }, 'invalid_request'],
    ['no JWT', { subject_token: 'x' }, 'invalid_request'],
    ['an expired token', async () => ({ subject_token: await exchange.token({ exp: 1 }) }), 'invalid_request'],
    [
      'a token of a stranger',
      async () => ({ subject_token: await (await createTestIssuer()).token() }),
      'invalid_request',
    ],
    [
      'a token for another service',
      async () => ({ audience: 'inbox', subject_token: await exchange.token({ aud: 'elsewhere' }) }),
      'invalid_request',
    ],
    ['a target without a rule', { audience: 'nobody' }, 'invalid_target'],
    ['no target', { audience: undefined }, 'invalid_target'],
    ['two targets', { audience: ['message-service', 'inbox'] }, 'invalid_target'],
    ['a scope beyond the rule', { scope: 'message.read admin' }, 'invalid_scope'],
    ['what a rule refuses', { audience: 'payroll' }, 'insufficient_user_authentication'],
  ])('refuses %s as the RFCs have it', async (_case, fields, error) => {
    const { status, body } = await ask(typeof fields === 'function' ? await fields() : fields);
    expect([status, body]).toEqual([400, { error, error_description: expect.any(String) as unknown }]);
    expect(exchange.requests).toEqual([expect.objectContaining({ status: 400, error })]);
  });

  it.each<[string, Fields, Record<string, string>]>([
    ['a wrong secret', {}, { authorization: basic('user-service', 'wrong') }],
    ['an unknown client', {}, { authorization: basic('toString', SECRET) }],
    ['no credentials', {}, {}],
    ['a client without its secret', { client_id: 'user-service' }, {}],
  ])('refuses %s', async (_case, fields, headers) => {
    const { status, body, headers: answered } = await ask(fields, headers);
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
    expect(answered.get('www-authenticate')).toMatch(/^Basic /);
  });

  it('takes credentials in the form, never in two ways, and rules of one client are for that client', async () => {
    const own = { client_id: 'user-service', client_secret: SECRET };
    expect((await ask(own, {})).status).toBe(200);
    expect((await ask(own)).body['error']).toBe('invalid_request');
    const other = { authorization: basic('other-service', SECRET) };
    expect((await ask({}, other)).body['error']).toBe('invalid_target');
  });

  it('can be out', async () => {
    exchange.answering = () => ({ status: 503, headers: { 'retry-after': '1' } });
    expect((await ask()).status).toBe(503);
    expect(exchange.requests).toEqual([expect.objectContaining({ status: 503 })]);
  });

  it('tells how a client reaches it', () => {
    expect(exchange.options()).toEqual({
      issuer: exchange.issuer,
      clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: SECRET },
    });
    expect(() => exchange.options('nobody')).toThrow('nobody is no client of this test exchange');
  });
});
