import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RemoteIssuerKeys, verifyAccessToken } from '@onbehalf/jwt-verification';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, logIn, postForm, toAnswer, TransitServer, UserAgent } from '@onbehalf/testing-internal';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningApp, System } from '../../tools/system.ts';
import { until } from './until.js';

const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };
const KEYS = ['onbehalf-es256', 'onbehalf-rs256'];

describe("signing keys in Vault's transit engine", () => {
  const vault = new TransitServer();
  let system: System;
  let tokenFile: string;
  let tokens: Record<'access_token' | 'refresh_token' | 'id_token', string>;

  const url = (path: string): string => `${system.url('auth-server')}${path}`;
  const settings = (): Record<string, string> => ({
    VAULT_ADDR: vault.address,
    VAULT_TOKEN_FILE: tokenFile,
    VAULT_TRANSIT_KEYS: KEYS.join(','),
    KEY_PUBLISH_AHEAD: '3',
  });
  const refresh = (token: string): Promise<Answer> =>
    postForm(url('/oauth2/token'), { grant_type: 'refresh_token', refresh_token: token }, CLIENT);
  const exchange = (token: string): Promise<Answer> => {
    const subject = { subject_token: token, subject_token_type: TokenType.AccessToken };
    const form = { grant_type: GrantType.TokenExchange, ...subject, audience: 'message-service' };
    return postForm(url('/oauth2/token'), form, SERVICE);
  };
  const publicKeys = async (): Promise<Record<string, string>[]> =>
    (await toAnswer(await fetch(url('/oauth2/jwks')))).body['keys'] as Record<string, string>[];

  beforeAll(async () => {
    tokenFile = join(mkdtempSync(join(tmpdir(), 'vault-')), 'token');
    writeFileSync(tokenFile, 's.test-token\n');
    vault.rotate(KEYS[0]!, 'ecdsa-p256');
    vault.rotate(KEYS[1]!, 'rsa-2048');
    await vault.start();
    system = await System.onFreePorts(settings());
    await system.up();
    const login = { issuer: system.url('auth-server'), clientId: 'client-app', scope: 'openid user.read', ...CLIENT };
    tokens = (await logIn({ ...login, redirectUri: `${system.url('client-app')}/callback` })).body as never;
  }, 90_000);

  afterAll(async () => {
    await system.down();
    await vault.stop();
  });

  it('ID tokens, access tokens and exchanged tokens are signed there, and verify with the published keys', async () => {
    const keys = createRemoteJWKSet(new URL(url('/oauth2/jwks')));
    const exchanged = String((await exchange(tokens.access_token)).body['access_token']);
    const kids = (await publicKeys()).map(({ kid }) => kid);
    for (const token of [tokens.id_token, tokens.access_token, exchanged]) {
      const { protectedHeader } = await jwtVerify(token, keys, { issuer: system.url('auth-server') });
      // OpenID Connect Core §15.1: clients expect ID tokens by RS256
      expect(protectedHeader.alg).toBe(token === tokens.id_token ? 'RS256' : 'ES256');
      expect(kids).toContain(protectedHeader.kid);
    }
    const issuer = system.url('auth-server');
    const own = { issuer, keys: new RemoteIssuerKeys({ issuer }), algorithms: ['ES256'] as const };
    await verifyAccessToken(exchanged, { issuers: [own], audiences: ['message-service'] });
    const signed = vault.requests.filter(({ path }) => path.includes('/sign/'));
    expect(signed.length).toBeGreaterThanOrEqual(3);
  });

  it('the whole way from the browser to the last service works with it, and logout takes its ID tokens', async () => {
    const agent = new UserAgent();
    const start = await agent.follow(await agent.get(`${system.url('client-app')}/api/user/message`));
    const sent = await agent.submit(start.url, { username: 'baeldung', password: 'password' });
    const page = await agent.follow(sent);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('message-service')]);
    const logout = await agent.get(url(`/connect/logout?id_token_hint=${tokens.id_token}`));
    expect(logout.status).toBe(200);
  }, 20_000);

  it('no private key is in auth-server or leaves Vault, and Vault sees no claim', async () => {
    for (const key of await publicKeys()) expect(Object.keys(key)).not.toContain('d');
    for (const { body } of vault.requests.filter(({ method }) => method === 'POST')) {
      expect(Buffer.from((JSON.parse(body) as { input: string }).input, 'base64')).toHaveLength(32);
    }
    expect(system.output()).not.toContain('s.test-token');
  });

  it('a key that is rotated in Vault is published, then signs; what the one before signed stays good', async () => {
    const { kid: before } = decodeProtectedHeader(tokens.access_token);
    vault.rotate(KEYS[0]!, 'ecdsa-p256');
    await until(async () => (await publicKeys()).length === 3, 10_000);
    await until(async () => {
      const { body } = await exchange(tokens.access_token);
      return decodeProtectedHeader(String(body['access_token'])).kid !== before;
    }, 15_000);
    expect((await publicKeys()).map(({ kid }) => kid)).toContain(before);
  }, 40_000);

  it('an outage is 503 temporarily_unavailable, uses nothing up, shows in readiness, and ends by itself', async () => {
    const { body } = await refresh(tokens.refresh_token);
    const refreshToken = String(body['refresh_token']);
    const accessToken = String(body['access_token']);
    await vault.stop();
    const unavailable = { status: 503, error: 'temporarily_unavailable', retryAfter: '1' };
    const seen = ({ status, body: { error }, headers }: Answer) => ({
      status,
      error,
      retryAfter: headers.get('retry-after'),
    });
    for (const answer of [
      await exchange(accessToken),
      await refresh(refreshToken),
      await postForm(url('/oauth2/token'), { grant_type: 'client_credentials', scope: 'user.read' }, SERVICE),
    ]) {
      expect(seen(answer)).toEqual(unavailable);
      expect(JSON.stringify(answer.body)).not.toMatch(/\bat \w|Error:|vault/i);
    }
    const readiness = await toAnswer(await fetch(url('/health/ready')));
    expect(readiness).toMatchObject({
      status: 503,
      body: { error: { keys: { status: 'down', message: 'the signer does not answer (ECONNREFUSED)' } } },
    });
    // what verifies goes on
    expect((await postForm(url('/oauth2/introspect'), { token: accessToken }, SERVICE)).body['active']).toBe(true);
    expect(await publicKeys()).toHaveLength(3);

    await vault.start();
    await system.app('auth-server').ready();
    expect((await refresh(refreshToken)).status).toBe(200);
    expect((await exchange(accessToken)).status).toBe(200);
  }, 30_000);

  it('a token of Vault that was renewed in its file is taken up', async () => {
    vault.tokens.clear();
    vault.tokens.add('s.renewed');
    await until(async () => (await exchange(tokens.access_token)).status === 503, 5000);
    writeFileSync(tokenFile, 's.renewed');
    await until(async () => (await exchange(tokens.access_token)).status === 200, 10_000);
  }, 20_000);

  it.each<[string, Record<string, string | undefined>, string]>([
    [
      'no address',
      { VAULT_ADDR: undefined },
      'VAULT_ADDR is missing; accepted: the address of the Vault of VAULT_TRANSIT_KEYS',
    ],
    [
      'an address in the clear',
      { VAULT_ADDR: 'http://vault.internal:8200' },
      'VAULT_ADDR is "http://vault.internal:8200"; accepted: an https URL, or an http one of this machine',
    ],
    [
      'no keys',
      { VAULT_TRANSIT_KEYS: undefined },
      'VAULT_TRANSIT_KEYS is missing; accepted: names of transit keys, because VAULT_TOKEN_FILE is set',
    ],
    [
      'other keys as well',
      { SIGNING_KEYS_FILE: 'keys.json' },
      'SIGNING_KEYS_FILE is "keys.json"; accepted: nothing, because VAULT_TRANSIT_KEYS is set',
    ],
    [
      'a token that is not there',
      { VAULT_TOKEN_FILE: '/no/token' },
      'VAULT_TOKEN_FILE is "/no/token"; accepted: a readable file with a token of Vault',
    ],
    [
      'no key for RS256',
      { VAULT_TRANSIT_KEYS: KEYS[0] },
      'VAULT_TRANSIT_KEYS is ["ES256"]; accepted: a private key for RS256',
    ],
    [
      'a key that is not there',
      { VAULT_TRANSIT_KEYS: 'none' },
      'VAULT_TRANSIT_KEYS is "none"; accepted: names of keys that are in the transit engine',
    ],
    [
      'a Vault that is not there',
      { VAULT_ADDR: 'http://127.0.0.1:1' },
      'VAULT_ADDR is "http://127.0.0.1:1"; accepted: a Vault that answers',
    ],
  ])(
    '%s: one line stops the start',
    async (_, changed, line) => {
      const given = Object.entries({ ...settings(), DATABASE_URL: 'sqlite::memory:', ...changed });
      const defined = Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<string, string>;
      const app = new RunningApp('auth-server', Number.NaN, { PORT: '0', ...defined });
      expect(await app.exit).toBe(1);
      expect(app.lines).toEqual([expect.stringContaining(`auth-server: ${line}`)]);
    },
    20_000,
  );
});
