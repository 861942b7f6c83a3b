import { hash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SigningKeys } from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, createTestCertificate, obtainCode, postForm, toAnswer } from '@onbehalf/testing-internal';
import { decodeJwt, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { InProcessServer } from './in-process-server.js';
import { hashOf } from './password-hash.js';

const SCOPES = ['activity.read', 'activity.stop', 'exchange.evaluate'];
const REDIRECT = 'http://localhost:8080/callback';
const ME = 'https://server.example/me';
const secret = randomBytes(16).toString('hex');
const web = {
  secret,
  grantTypes: [GrantType.AuthorizationCode],
  redirectUris: [REDIRECT],
  scopes: ['openid', ...SCOPES],
  defaultResource: 'auth-server-me',
};
const file = {
  resources: [{ audience: 'auth-server-me', resource: ME, scopes: SCOPES }],
  clients: [
    { ...web, clientId: 'web' },
    { ...web, clientId: 'certified', certificateBound: true },
  ],
  users: [{ username: 'alice', passwordHash: hashOf('password') }],
};

interface Key {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

async function createKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return { privateKey, jwk: await exportJWK(publicKey) };
}

const proof = ({ privateKey, jwk }: Key, claims: Record<string, unknown>): Promise<string> =>
  new SignJWT({ jti: randomUUID(), ...claims })
    .setIssuedAt()
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .sign(privateKey);

/** Each endpoint for people, and what it answers somebody who is let in. */
const ENDPOINTS = [
  ['GET', '/me/activity', 200],
  ['GET', '/me/clients', 200],
  ['DELETE', '/me/activity/nothing', 404],
  ['POST', '/me/evaluate', 404],
] as const;

describe('tokens of people that are bound to a key open the endpoints of people to the holder of the key alone', () => {
  let store: AuthorizationStore;
  let server: InProcessServer;

  beforeAll(async () => {
    const share = async (issuer: string) => {
      store = await openStore({ url: 'sqlite::memory:', issuer, sweepInterval: 0 });
      return { store, keys: await SigningKeys.generate() };
    };
    const mtls = { clientCertificateHeader: 'client-cert', trustedProxies: ['127.0.0.1', '::1', '::ffff:127.0.0.1'] };
    server = await InProcessServer.start(file, share, mtls);
  });
  afterAll(async () => {
    await server.stop();
    await store.close();
  });

  /** A token of a login, as the client gets it with these headers. */
  async function tokenFor(clientId: string, headers: Record<string, string>): Promise<string> {
    const login = { issuer: server.issuer, clientId, redirectUri: REDIRECT, scope: `openid ${SCOPES.join(' ')}` };
    const fields = await obtainCode({ ...login, username: 'alice', parameters: { resource: ME } });
    const authorization = basic(clientId, secret);
    const { body } = await postForm(`${server.issuer}/oauth2/token`, fields, { authorization, ...headers });
    return String(body['access_token']);
  }

  const call = async (method: string, path: string, headers: Record<string, string>): Promise<Answer> => {
    const body = method === 'POST' ? { body: '{"client_id":"nobody"}' } : {};
    const type = { 'content-type': 'application/json' };
    return toAnswer(await fetch(server.issuer + path, { method, headers: { ...type, ...headers }, ...body }));
  };

  describe('RFC 9449 §7: DPoP', () => {
    let key: Key;
    let token: string;

    beforeAll(async () => {
      key = await createKey();
      const dpop = await proof(key, { htm: 'POST', htu: `${server.issuer}/oauth2/token` });
      token = await tokenFor('web', { dpop });
      expect(decodeJwt(token)).toHaveProperty('cnf.jkt');
    });

    it.each(ENDPOINTS)('%s %s', async (method, path, opened) => {
      const right = { htm: method, htu: server.issuer + path, ath: hash('sha256', token, 'base64url') };
      const dpop = await proof(key, right);
      const held = { authorization: `DPoP ${token}` };
      expect((await call(method, path, { ...held, dpop })).status).toBe(opened);
      const attacks: Record<string, Record<string, string>> = {
        'the same proof again': { ...held, dpop },
        'no proof': held,
        'as a bearer token': { authorization: `Bearer ${token}` },
        'as a bearer token, with a proof': { authorization: `Bearer ${token}`, dpop: await proof(key, right) },
        'another key': { ...held, dpop: await proof(await createKey(), right) },
        'another method': { ...held, dpop: await proof(key, { ...right, htm: 'PUT' }) },
        'another path': { ...held, dpop: await proof(key, { ...right, htu: `${server.issuer}/me` }) },
        'another server': { ...held, dpop: await proof(key, { ...right, htu: `https://evil.example${path}` }) },
        'a proof for another token': {
          ...held,
          dpop: await proof(key, { ...right, ath: hash('sha256', 'x', 'base64url') }),
        },
        'a proof for no token': { ...held, dpop: await proof(key, { ...right, ath: undefined }) },
      };
      for (const [name, headers] of Object.entries(attacks)) {
        const { status, headers: answered } = await call(method, path, headers);
        expect([name, status, answered.get('www-authenticate')]).toEqual([name, 401, expect.stringContaining('DPoP')]);
      }
    });
  });

  describe('RFC 8705 §3: certificates', () => {
    const [own, other] = ['alice', 'mallory'].map((name) => ({
      'client-cert': encodeURIComponent(createTestCertificate(name).certificate),
    })) as unknown as [Record<string, string>, Record<string, string>];
    let token: string;

    beforeAll(async () => {
      token = await tokenFor('certified', own);
      expect(decodeJwt(token)).toHaveProperty(['cnf', 'x5t#S256']);
    });

    it.each(ENDPOINTS)('%s %s', async (method, path, opened) => {
      const authorization = `Bearer ${token}`;
      const seen = async (headers: Record<string, string>) =>
        (await call(method, path, { authorization, ...headers })).status;
      expect(await seen(own)).toBe(opened);
      expect(await seen({})).toBe(401);
      expect(await seen(other)).toBe(401);
    });
  });
});
