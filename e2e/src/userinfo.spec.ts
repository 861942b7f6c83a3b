import { createHash, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, createTestCertificate, postForm } from '@onbehalf/testing-internal';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { InProcessServer, makeShared, type Shared } from './in-process-server.js';
import { hashOf } from './password-hash.js';
import { RelyingParty } from './relying-party.js';

const PASSWORD = randomBytes(9).toString('base64url');
const SECRET = randomBytes(9).toString('base64url');
const CALLBACK = 'https://client.example/callback';

const client = (clientId: string, more: object = {}) => ({
  clientId,
  secret: SECRET,
  grantTypes: [
    GrantType.AuthorizationCode,
    GrantType.RefreshToken,
    GrantType.ClientCredentials,
    GrantType.TokenExchange,
  ],
  redirectUris: [CALLBACK],
  scopes: ['openid', 'profile', 'email', 'offline_access', 'notes.read'],
  defaultResource: 'notes',
  represents: ['notes'],
  ...more,
});
const edge = (target: string, mode: string) => ({
  client: 'app',
  subjectAudience: 'notes',
  target,
  mode,
  scopes: { read: { requires: ['notes.read'] } },
});
const CONFIG = {
  resources: [
    { audience: 'notes', scopes: ['notes.read'] },
    { audience: 'archive', scopes: ['read'] },
    { audience: 'printer', scopes: ['read'] },
  ],
  clients: [client('app'), client('dpop', { dpopBound: true }), client('certified', { certificateBound: true })],
  users: ['ada', 'eve'].map((username) => ({
    username,
    passwordHash: hashOf(PASSWORD),
    ...(username === 'ada' && { name: 'Ada Lovelace', givenName: 'Ada', familyName: 'Lovelace' }),
  })),
  edges: [edge('archive', 'delegation'), edge('printer', 'impersonation')],
};

describe('OpenID Connect Core §5.3: /userinfo', () => {
  let shared: Shared;
  let server: InProcessServer;
  let app: RelyingParty;

  const party = (clientId: string, username = 'ada') =>
    new RelyingParty({
      issuer: server.issuer,
      clientId,
      secret: SECRET,
      redirectUri: CALLBACK,
      username,
      password: PASSWORD,
    });

  beforeAll(async () => {
    // exchanged tokens are known by their issuer
    shared = await makeShared();
    const proxies = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];
    const settings = { clientCertificateHeader: 'client-cert', trustedProxies: proxies };
    server = await InProcessServer.start(CONFIG, shared, settings);
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    await shared.store.close();
  });

  beforeEach(() => {
    app = party('app');
  });

  const refusal = ({ status, headers }: Answer): [number, string | undefined] => [
    status,
    / error="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1],
  ];
  const WITH_NOTES = { scope: 'openid profile notes.read' };

  it('tells the names that are known, to a token for a resource', async () => {
    const { access_token: token } = await app.tokens(WITH_NOTES);
    expect(decodeJwt(String(token)).aud).toBe('notes');
    const names = { name: 'Ada Lovelace', given_name: 'Ada', family_name: 'Lovelace' };
    expect((await app.userinfo(token)).body).toEqual({ sub: 'ada', preferred_username: 'ada', ...names });
    const eve = party('app', 'eve');
    const { body } = await eve.userinfo((await eve.tokens(WITH_NOTES))['access_token']);
    expect(body).toEqual({ sub: 'eve', preferred_username: 'eve' });
  });

  it('and to one of a refresh, but for scopes that it leaves out', async () => {
    const { refresh_token: token } = await app.tokens({ scope: 'openid profile email offline_access notes.read' });
    const refresh = async (fields: Record<string, string>) => {
      const form = { grant_type: 'refresh_token', ...fields };
      return (await postForm(`${server.issuer}/oauth2/token`, form, { authorization: basic('app', SECRET) })).body;
    };
    const same = await refresh({ refresh_token: String(token) });
    expect((await app.userinfo(same['access_token'])).body).toHaveProperty('name');
    const narrow = await refresh({ refresh_token: String(same['refresh_token']), scope: 'openid notes.read' });
    expect((await app.userinfo(narrow['access_token'])).body).toEqual({ sub: 'ada' });
    const without = await refresh({ refresh_token: String(narrow['refresh_token']), scope: 'notes.read' });
    expect(refusal(await app.userinfo(without['access_token']))).toEqual([403, 'insufficient_scope']);
  });

  it('RFC 6750 §3.1: a login without openid is not enough', async () => {
    const { access_token: token } = await app.tokens({ scope: 'notes.read', nonce: undefined });
    const answer = await app.userinfo(token);
    expect(refusal(answer)).toEqual([403, 'insufficient_scope']);
    expect(answer.headers.get('www-authenticate')).toContain('scope="openid"');
  });

  it('nor is a token of a client for itself', async () => {
    const fields = { grant_type: GrantType.ClientCredentials, scope: 'notes.read' };
    const { body } = await postForm(`${server.issuer}/oauth2/token`, fields, { authorization: basic('app', SECRET) });
    expect(refusal(await app.userinfo(body['access_token']))).toEqual([403, 'insufficient_scope']);
  });

  async function exchanged(audience: string): Promise<unknown> {
    const { access_token: token } = await app.tokens(WITH_NOTES);
    const fields = { subject_token: String(token), subject_token_type: TokenType.AccessToken };
    const form = { grant_type: GrantType.TokenExchange, audience, reason: 'a print', ...fields };
    const { body } = await postForm(`${server.issuer}/oauth2/token`, form, { authorization: basic('app', SECRET) });
    expect(body).toHaveProperty('access_token');
    return body['access_token'];
  }

  it('refuses whoever acts for the user', async () => {
    const token = await exchanged('archive');
    expect(decodeJwt(String(token))['act']).toEqual({ sub: 'app', iss: server.issuer });
    expect(refusal(await app.userinfo(token))).toEqual([401, 'invalid_token']);
  });

  it('refuses an exchanged token without act: no login gave it', async () => {
    const token = await exchanged('printer');
    expect(decodeJwt(String(token))).not.toHaveProperty('act');
    expect(refusal(await app.userinfo(token))).toEqual([403, 'insufficient_scope']);
  });

  it('refuses an ID token, a forged token and a revoked one', async () => {
    const { id_token: idToken, access_token: token } = await app.tokens(WITH_NOTES);
    expect(refusal(await app.userinfo(idToken))).toEqual([401, 'invalid_token']);
    expect(refusal(await app.userinfo(`${String(token).slice(0, -8)}AAAAAAAA`))).toEqual([401, 'invalid_token']);
    const authorization = basic('app', SECRET);
    await postForm(`${server.issuer}/oauth2/revoke`, { token: String(token) }, { authorization });
    expect(refusal(await app.userinfo(token))).toEqual([401, 'invalid_token']);
  });

  it('RFC 9449 §7: takes a DPoP-bound token with a proof of its key for this address and token alone', async () => {
    const dpop = party('dpop');
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    const prove = async (htm: string, path: string, token?: string): Promise<Record<string, string>> => {
      const ath = token && createHash('sha256').update(token).digest('base64url');
      const claims = { htm, htu: server.issuer + path, jti: randomUUID(), ...(ath && { ath }) };
      const proof = new SignJWT(claims).setIssuedAt().setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk });
      return { dpop: await proof.sign(privateKey) };
    };
    const { body } = await dpop.redeem(await dpop.logIn(WITH_NOTES), {}, await prove('POST', '/oauth2/token'));
    expect(body['token_type']).toBe('DPoP');
    const token = String(body['access_token']);
    const authorization = `DPoP ${token}`;
    const proof = await prove('GET', '/userinfo', token);
    expect((await dpop.userinfo(token, { authorization, ...proof })).body).toHaveProperty('given_name', 'Ada');
    const again = await dpop.userinfo(token, { authorization, ...proof });
    expect(again.status).toBe(401);
    const others = [
      await prove('POST', '/userinfo', token),
      await prove('GET', '/oauth2/token', token),
      await prove('GET', '/userinfo'),
      await prove('GET', '/userinfo', 'another'),
    ];
    for (const other of others)
      expect(refusal(await dpop.userinfo(token, { authorization, ...other }))).toEqual([401, 'invalid_dpop_proof']);
    expect((await dpop.userinfo(token, { authorization })).body['error']).toBe('invalid_request');
    expect((await dpop.userinfo(token)).status).toBe(401);
  });

  it('RFC 8705 §3: takes a certificate-bound token over its certificate alone', async () => {
    const certified = party('certified');
    const header = (name: string) => {
      const { raw } = new X509Certificate(createTestCertificate(name).certificate);
      return { 'client-cert': `:${raw.toString('base64')}:` };
    };
    const own = header('certified');
    const { body } = await certified.redeem(await certified.logIn(WITH_NOTES), {}, own);
    expect(decodeJwt(String(body['access_token']))).toHaveProperty(['cnf', 'x5t#S256']);
    expect((await certified.userinfo(body['access_token'], own)).body).toHaveProperty('given_name', 'Ada');
    for (const other of [{}, header('other')])
      expect(refusal(await certified.userinfo(body['access_token'], other))).toEqual([401, 'invalid_token']);
    const broken = await certified.userinfo(body['access_token'], { 'client-cert': ':AAAA:' });
    expect([broken.status, broken.body['error']]).toEqual([400, 'invalid_request']);
  });
});
