import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { basic, postForm } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';
import { closeStores, sharedStores } from './shared-stores.js';
import { storeSettings } from './store-settings.js';

const ISSUER = 'https://idp.partner.example';
const HASH = 'scrypt$16384$8$1$c2FsdHNhbHQ$eRixKyWDKoZ_obe2sCDcpeiFxmvZ0xk7vA-W19hOt88';
const OTHER = HASH.replace('eRix', 'fRix');
const { privateKey, publicKey } = await generateKeyPair('ES256');
const service = (name: string) => ({
  clientId: name,
  secret: `${name} has a secret`,
  grantTypes: [GrantType.TokenExchange],
  represents: [name],
});
const edge = { client: 'app', subjectAudience: 'app', target: 'api', mode: 'delegation', scopes: { do: {} } };
const config = {
  resources: [
    { audience: 'app' },
    { audience: 'api', scopes: ['do'] },
    { audience: 'auth-server', scopes: ['registrations.write', 'registrations.read'] },
  ],
  clients: [
    service('app'),
    {
      clientId: 'operator',
      secret: 'operator-secret',
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['registrations.write', 'registrations.read'],
      defaultResource: 'auth-server',
    },
  ],
  edges: [{ ...edge, subjectTypes: [TokenType.Jwt], subjectIssuers: [ISSUER] }],
  trustedIssuers: [
    {
      issuer: ISSUER,
      jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'its' }] },
      algorithms: ['ES256'],
      subject: { to: 'account' },
    },
  ],
};

/** A token of the foreign issuer. */
function issue(sub: string, claims: JWTPayload): Promise<string> {
  const always = { iss: ISSUER, sub, aud: 'app', jti: crypto.randomUUID(), exp: Math.floor(Date.now() / 1000) + 600 };
  const header = { alg: 'ES256', kid: 'its', typ: 'at+jwt' };
  return new SignJWT({ ...always, ...claims }).setProtectedHeader(header).sign(privateKey);
}

afterAll(closeStores);

describe.each(sharedStores)('nobody inherits by tokens of an issuer that speaks for accounts, on $name', ({ open }) => {
  let system: System;
  let operator: Operator;

  beforeAll(async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'foreign-lives-')), 'auth-server.json');
    writeFileSync(path, JSON.stringify(config));
    const settings = { ...storeSettings(await open()), AUTH_SERVER_CONFIG: path };
    system = await (await System.onFreePorts(settings)).up('auth-server');
    operator = await Operator.with('registrations.write registrations.read', system.url('auth-server'));
  }, 30_000);
  afterAll(() => system.down());

  const exchange = async (subject_token: string): Promise<number> => {
    const fields = { grant_type: GrantType.TokenExchange, subject_token, subject_token_type: TokenType.Jwt };
    const authorization = basic('app', 'app has a secret');
    const { status } = await postForm(
      `${system.url('auth-server')}/oauth2/token`,
      { ...fields, audience: 'api' },
      { authorization },
    );
    return status;
  };
  const put = async (name: string, passwordHash: string): Promise<void> => {
    const { headers: current, ok } = await operator.fetch(`/admin/users/${name}`);
    const precondition: Record<string, string> = ok
      ? { 'if-match': current.get('etag') ?? '' }
      : { 'if-none-match': '*' };
    const headers = { 'content-type': 'application/json', ...precondition };
    const init = { method: 'PUT', headers, body: JSON.stringify({ passwordHash }) };
    expect((await operator.fetch(`/admin/users/${name}`, init)).ok).toBe(true);
  };
  const remove = async (name: string): Promise<void> => {
    const { headers } = await operator.fetch(`/admin/users/${name}`);
    const init = { method: 'DELETE', headers: { 'if-match': headers.get('etag') ?? '' } };
    expect((await operator.fetch(`/admin/users/${name}`, init)).status).toBe(204);
  };

  it.each<[string, (name: string) => Promise<void>]>([
    [
      'removed and created again',
      async (name) =>
        put(name, HASH)
          .then(() => remove(name))
          .then(() => put(name, OTHER)),
    ],
    ['given a new password', async (name) => put(name, HASH).then(() => put(name, OTHER))],
  ])('what was issued before the account was %s is refused', async (how, change) => {
    const name = how.replaceAll(' ', '-');
    const now = (): number => Math.floor(Date.now() / 1000);
    const before = await issue(name, { iat: now() });
    await put(name, HASH);
    expect(await exchange(before)).toBe(200);
    await remove(name);
    expect(await exchange(before)).toBe(400);
    await change(name);
    const later = now() + 20;
    expect(await exchange(before)).toBe(400);
    expect(await exchange(await issue(name, {}))).toBe(400);
    // signed anew for a sign-in of the former person
    expect(await exchange(await issue(name, { iat: later, auth_time: now() - 5 }))).toBe(400);
    expect(await exchange(await issue(name, { iat: later, auth_time: later }))).toBe(200);
  });
});
