import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, IMPERSONATION_CLAIM, TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { DpopKey, now, type Answer } from './domain.fixture.js';
import { Home, HOME, homeFile, samlAssertion } from './home.fixture.js';
import { ORDERS, PARTNER } from './partner.fixture.js';

const outcome = ({ status, body }: Answer): unknown[] => [status, body['error']];
const claimsOf = ({ body }: Answer): Record<string, unknown> => decodeJwt(String(body['access_token']));

let home: Home;
beforeAll(async () => {
  home = await Home.open();
}, 60_000);
afterAll(() => home.domain.close());

describe('an ID-JAG', () => {
  it('says who the user is there, for which client there, what for, and who acts', async () => {
    const answer = await home.idJag(await home.idToken(), { scope: 'order.read' });
    expect(answer.body).toMatchObject({
      issued_token_type: TokenType.IdJag,
      token_type: 'N_A',
      scope: 'order.read',
      expires_in: expect.any(Number) as unknown,
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body).not.toHaveProperty('refresh_token');
    expect(decodeProtectedHeader(String(answer.body['access_token']))).toMatchObject({
      typ: 'oauth-id-jag+jwt',
      alg: 'ES256',
    });
    const claims = claimsOf(answer);
    expect(claims).toMatchObject({
      iss: HOME,
      sub: 'alice@home.example',
      aud: PARTNER,
      client_id: 'app',
      resource: ORDERS,
      scope: 'order.read',
      email_verified: true,
      act: { sub: 'web', iss: HOME },
    });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBeLessThanOrEqual(300);
    for (const name of ['sid', 'nonce', 'at_hash', 'may_act', 'auth_time']) expect(claims).not.toHaveProperty(name);
  });

  it('lives no longer than the ID token', async () => {
    const claims = claimsOf(await home.idJag(await home.idToken({ exp: now() + 40 })));
    expect(claims['exp']).toBeLessThanOrEqual(now() + 40);
  });

  it.each<[string, Record<string, string | undefined>, string]>([
    ['every scope where none is asked for', {}, 'order.read order.write'],
    [
      'the resource in another spelling',
      { resource: 'https://ORDERS.example:443/api', scope: 'order.read' },
      'order.read',
    ],
    ['all resources where none is named', { resource: undefined, scope: 'order.read' }, 'order.read'],
  ])('is issued with %s', async (_case, form, scope) => {
    const answer = await home.idJag(await home.idToken(), form);
    expect([answer.status, answer.body['scope']]).toEqual([200, scope]);
  });

  it('is made from a SAML assertion once, for the service that received it', async () => {
    const fields = { subject_token_type: TokenType.Saml2 };
    const assertion = samlAssertion();
    expect(outcome(await home.idJag(assertion, fields, 'other-legacy'))[0]).toBe(400);
    const answer = await home.idJag(assertion, { ...fields, scope: 'order.read' }, 'legacy');
    expect(claimsOf(answer)).toMatchObject({
      sub: 'alice@home.example',
      client_id: 'app',
      act: { sub: 'legacy', iss: HOME },
    });
    expect(outcome(await home.idJag(assertion, fields, 'legacy'))).toEqual([400, 'invalid_request']);
    // nor does it open what an ID token does
    expect(outcome(await home.idJag(samlAssertion(), fields, 'web'))).toEqual([400, 'invalid_request']);
    for (const content of [{ name: 'stranger' }, { name: 'gone' }, { audience: 'https://other.example' }]) {
      expect(outcome(await home.idJag(samlAssertion(content), fields, 'legacy'))[0]).toBe(400);
    }
  });

  it('is bound to the key that its request proves', async () => {
    const key = await DpopKey.generate();
    const answer = await home.idJag(await home.idToken(), {}, 'web', await key.proof(HOME));
    expect([answer.body['token_type'], claimsOf(answer)['cnf']]).toEqual(['N_A', { jkt: await key.thumbprint() }]);
  });

  it('demands a fresh login, and a stronger one, where the cross-app grant does', async () => {
    const stale = await home.idJag(await home.idToken({ aud: 'bank', auth_time: now() - 400 }), {}, 'bank');
    expect([...outcome(stale), stale.body['max_age']]).toEqual([400, 'insufficient_user_authentication', 300]);
    const untold = await home.idJag(await home.idToken({ aud: 'bank', auth_time: undefined }), {}, 'bank');
    expect(outcome(untold)).toEqual([400, 'insufficient_user_authentication']);
    expect((await home.idJag(await home.idToken({ aud: 'bank' }), {}, 'bank')).status).toBe(200);
    const weak = await home.idJag(await home.idToken({ aud: 'vault', acr: 'silver' }), {}, 'vault');
    expect([...outcome(weak), weak.body['acr_values']]).toEqual([
      400,
      'insufficient_user_authentication',
      'gold platinum',
    ]);
    expect((await home.idJag(await home.idToken({ aud: 'vault', acr: 'gold' }), {}, 'vault')).status).toBe(200);
  });
});

describe('a chaining grant', () => {
  it('is what a request without a type asks of another server, named by audience or resource', async () => {
    for (const form of [
      { requested_token_type: undefined },
      { requested_token_type: undefined, audience: undefined, resource: PARTNER },
    ]) {
      const answer = await home.chain(await home.domain.accessToken({ auth_time: 5, sid: 's' }), form);
      expect(answer.body).toMatchObject({ issued_token_type: TokenType.Jwt, token_type: 'N_A', scope: 'order.read' });
      expect(decodeProtectedHeader(String(answer.body['access_token'])).typ).toBe('JWT');
      const claims = claimsOf(answer);
      expect(claims).toMatchObject({
        aud: PARTNER,
        sub: 'alice@home.example',
        auth_time: 5,
        act: { sub: 'api', iss: HOME },
      });
      expect(claims).not.toHaveProperty('sid');
    }
  });

  it.each<[string, Record<string, unknown>, Record<string, string | undefined>, string]>([
    ['a resource in place of a server', {}, { audience: 'api' }, 'invalid_target'],
    ['a server without an edge', {}, { audience: 'https://third.example' }, 'invalid_target'],
    ['an access token for the server', {}, { requested_token_type: TokenType.AccessToken }, 'invalid_target'],
    ['a scope beyond the subject', { scope: 'other' }, {}, 'invalid_scope'],
    ['a token of another service', { aud: 'legacy' }, {}, 'invalid_request'],
    [
      'the mark of an impersonation',
      { act: { sub: 's' }, [IMPERSONATION_CLAIM]: { id: 'i', sub: 's' } },
      {},
      'invalid_target',
    ],
    ['a token that is bound to a key', { cnf: { jkt: 'k' } }, {}, 'invalid_request'],
    ['a server beside a resource', {}, { resource: 'https://third.example' }, 'invalid_target'],
  ])('is refused: %s', async (_name, claims, form, error) => {
    expect(outcome(await home.chain(await home.domain.accessToken(claims), form))).toEqual([400, error]);
  });

  it('carries the marks of agents', async () => {
    const act = { sub: 'bot', sub_profile: 'ai_agent' };
    expect(claimsOf(await home.chain(await home.domain.accessToken({ act })))['act']).toEqual({
      sub: 'api',
      iss: HOME,
      act: { ...act, iss: HOME },
    });
  });
});

describe('the metadata of an identity provider', () => {
  it.each(['oauth-authorization-server', 'openid-configuration'])(
    '%s tells what it gives, and nothing else',
    async (document) => {
      const metadata = await home.domain.metadata(document);
      expect(metadata).toMatchObject({
        identity_chaining_requested_token_types_supported: [TokenType.Jwt, TokenType.IdJag],
      });
      expect(metadata).not.toHaveProperty('authorization_grant_profiles_supported');
      expect(metadata['grant_types_supported']).not.toContain(GrantType.JwtBearer);
    },
  );

  it('tells nothing of what no edge, or no client that is enabled, can have', async () => {
    const off = (change: object) => ({ ...homeFile, ...change });
    const disabled = homeFile.clients.map((client) => ({ ...client, enabled: client.clientId === 'operator' }));
    for (const file of [off({ edges: [] }), off({ clients: disabled })]) {
      const other = await Home.with(file);
      const metadata = await other.domain.metadata();
      await other.domain.close();
      expect(metadata).not.toHaveProperty('identity_chaining_requested_token_types_supported');
    }
  });
});
