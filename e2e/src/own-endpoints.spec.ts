import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, createTestCertificate, postForm, requirement, startPostgres } from '@onbehalf/testing-internal';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { System } from '../../tools/system.ts';

const scopes = ['audit.read', 'metrics.read', 'registrations.read', 'exchange.explain'];
const operator = {
  secret: 'secret',
  grantTypes: [GrantType.ClientCredentials],
  scopes,
  defaultResource: 'auth-server',
};
const config = {
  resources: [{ audience: 'auth-server', scopes }],
  clients: [
    { ...operator, clientId: 'bearer' },
    { ...operator, clientId: 'dpop', dpopBound: true },
    { ...operator, clientId: 'certified', certificateBound: true },
  ],
};
/** Every endpoint of operators that is read. */
const ENDPOINTS = ['/admin/audit', '/admin/audit/export', '/admin/clients', '/admin/users', '/metrics'];

const postgres = await startPostgres();
const databases = [
  {
    name: 'SQLite',
    open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'own-endpoints-')), 'store.db')}`),
    stop: () => Promise.resolve(),
  },
  ...(postgres ? [{ name: 'PostgreSQL', open: () => postgres.database(), stop: () => postgres.stop() }] : []),
];

describe.each(databases)("the server's own endpoints are guarded as everybody's, on $name", (kind) => {
  let system: System;
  let replica: System;
  let server: string;
  let key: { privateKey: CryptoKey; jwk: JWK };

  beforeAll(async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'own-endpoints-')), 'config.json');
    writeFileSync(path, JSON.stringify(config));
    const settings = {
      DATABASE_URL: await kind.open(),
      ENCRYPTION_KEYS: Buffer.alloc(32, 1).toString('base64'),
      AUTH_SERVER_CONFIG: path,
      CLIENT_CERTIFICATE_HEADER: 'client-cert',
      TRUSTED_PROXIES: '127.0.0.1,::1',
    };
    system = await (await System.onFreePorts(settings)).up('auth-server');
    server = system.url('auth-server');
    replica = await (await System.onFreePorts({ ...settings, ISSUER: server })).up('auth-server');
    const pair = await generateKeyPair('ES256');
    key = { privateKey: pair.privateKey, jwk: await exportJWK(pair.publicKey) };
  }, 60_000);

  afterAll(async () => {
    await replica.down();
    await system.down();
    await kind.stop();
  });

  const proof = (method: string, path: string, token?: string): Promise<string> =>
    new SignJWT({
      htm: method,
      htu: server + path,
      jti: randomUUID(),
      ...(token !== undefined && { ath: createHash('sha256').update(token).digest('base64url') }),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.jwk })
      .setIssuedAt()
      .sign(key.privateKey);
  const tokenOf = async (clientId: string, headers: Record<string, string> = {}): Promise<string> => {
    const authorization = basic(clientId, 'secret');
    const grant = { grant_type: GrantType.ClientCredentials };
    const { body } = await postForm(`${server}/oauth2/token`, grant, { authorization, ...headers });
    return String(body['access_token']);
  };
  const boundToken = async (): Promise<string> => tokenOf('dpop', { dpop: await proof('POST', '/oauth2/token') });
  const statusOf = async (path: string, headers: Record<string, string>, at = server): Promise<number> =>
    (await fetch(at + path, { headers })).status;

  it.each(ENDPOINTS)('RFC 6750 §3: %s is for tokens that hold its scope', async (path) => {
    expect(await statusOf(path, {})).toBe(401);
    expect(await statusOf(path, { authorization: `Bearer ${await tokenOf('bearer')}` })).toBe(200);
  });

  it.each(ENDPOINTS)('RFC 9449 §7.2: %s refuses a bound token as Bearer, and without its proof', async (path) => {
    const token = await boundToken();
    const answer = await fetch(server + path, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('DPoP')]);
    expect(await statusOf(path, { authorization: `DPoP ${token}` })).toBe(401);
    const elsewhere = await proof('GET', '/elsewhere', token);
    expect(await statusOf(path, { authorization: `DPoP ${token}`, dpop: elsewhere })).toBe(401);
    const right = await proof('GET', path, token);
    expect(await statusOf(path, { authorization: `DPoP ${token}`, dpop: right })).toBe(200);
  });

  it(`${requirement('RFC9449-11.1-replay', 'requests for which the jti value has been seen before are declined')}, by all replicas together`, async () => {
    const token = await boundToken();
    const headers = { authorization: `DPoP ${token}`, dpop: await proof('GET', '/admin/audit', token) };
    expect(await statusOf('/admin/audit', headers)).toBe(200);
    expect(await statusOf('/admin/audit', headers, replica.url('auth-server'))).toBe(401);
  });

  it('RFC 8705 §3: a token that is bound to a certificate is refused without it', async () => {
    const certificateOf = (name: string): string =>
      `:${new X509Certificate(createTestCertificate(name).certificate).raw.toString('base64')}:`;
    const certificate = certificateOf('certified');
    const token = await tokenOf('certified', { 'client-cert': certificate });
    const authorization = `Bearer ${token}`;
    for (const path of ENDPOINTS) {
      expect(await statusOf(path, { authorization })).toBe(401);
      expect(await statusOf(path, { authorization, 'client-cert': certificateOf('another') })).toBe(401);
      expect(await statusOf(path, { authorization, 'client-cert': certificate })).toBe(200);
    }
  });

  it('a revoked token opens nothing', async () => {
    const token = await tokenOf('bearer');
    await postForm(`${server}/oauth2/revoke`, { token }, { authorization: basic('bearer', 'secret') });
    for (const path of ENDPOINTS) expect(await statusOf(path, { authorization: `Bearer ${token}` })).toBe(401);
  });
});
