import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, logIn, obtainCode, postForm, startPostgres, UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';

const PASSWORD = 'correct horse battery staple';
// npx nx run auth-server:hash-password
const PASSWORD_HASH = 'scrypt$65536$8$2$dpjGg7wL16byxx1dU3bIbA$8y8FSisd2SQEpLIwy3fKhXDNZPJdR2qpDaQ1dn4jfpI';

const postgres = await startPostgres();

const databases = [
  {
    name: 'SQLite',
    open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'at-rest-')), 'store.db')}`),
    dump: (url: string) => {
      const folder = join(url.slice('sqlite:'.length), '..');
      return Promise.resolve(
        readdirSync(folder)
          .map((file) => readFileSync(join(folder, file), 'latin1'))
          .join('\n'),
      );
    },
  },
  ...(postgres
    ? [
        {
          name: 'PostgreSQL',
          open: () => postgres.database(),
          dump: async (url: string) => {
            const schema = /search_path%3D(\w+)/.exec(url)?.[1] ?? '';
            return (await promisify(execFile)('pg_dump', ['-n', schema, url], { maxBuffer: 1 << 26 })).stdout;
          },
        },
      ]
    : []),
];

afterAll(() => postgres?.stop());

describe.each(databases)('a dump of a database in use, on $name', ({ open, dump }) => {
  const encryptionKey = randomBytes(32).toString('base64');
  let system: System;
  let database: string;
  let operator: Operator;

  beforeAll(async () => {
    database = await open();
    const settings = { DATABASE_URL: database, ENCRYPTION_KEYS: encryptionKey };
    system = await (await System.onFreePorts(settings)).up('auth-server');
    operator = await Operator.with('registrations.read registrations.write', system.url('auth-server'));
  }, 60_000);

  afterAll(() => system.down());

  const url = (path: string): string => `${system.url('auth-server')}${path}`;
  const send = async (method: string, path: string, body: object, headers = {}): Promise<Record<string, unknown>> => {
    const init = { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
    const response = await operator.fetch(path, init);
    expect(response.status).toBeLessThan(300);
    return (await response.json()) as Record<string, unknown>;
  };

  /** Everything by which someone could act as somebody else. */
  async function secrets(): Promise<Record<string, string>> {
    const create = { 'if-none-match': '*' };
    await send('PUT', '/admin/users/carol', { passwordHash: PASSWORD_HASH }, create);
    const reports = {
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['user.read'],
      defaultResource: 'user-service',
    };
    const { clientSecret: first } = await send('PUT', '/admin/clients/reports', reports, create);
    const { clientSecret: second } = await send('POST', '/admin/clients/reports/secret', { overlap: 60 });
    const { clientSecret: third } = await send('POST', '/admin/clients/message-service/secret', { overlap: 60 });

    const agent = new UserAgent();
    const authorization = basic('client-app', 'client-app-secret');
    const redirectUri = `${system.url('client-app')}/callback`;
    const scope = 'openid user.read';
    const own = { issuer: system.url('auth-server'), clientId: 'client-app', redirectUri, scope, authorization };
    const { body: tokens } = await logIn({ ...own, username: 'carol', password: PASSWORD }, agent);
    const refresh = { grant_type: GrantType.RefreshToken, refresh_token: String(tokens['refresh_token']) };
    const { body: refreshed } = await postForm(url('/oauth2/token'), refresh, { authorization });
    const subject = { subject_token: String(refreshed['access_token']), subject_token_type: TokenType.AccessToken };
    const exchange = { grant_type: GrantType.TokenExchange, ...subject, audience: 'message-service' };
    const service = { authorization: basic('user-service', 'user-service-secret') };
    const { body: exchanged } = await postForm(url('/oauth2/token'), exchange, service);
    const { code } = await obtainCode(own);
    const cookies = agent.cookies(url('/')).split('; ');
    const found = {
      password: PASSWORD,
      secretOfAClientInTheFile: 'user-service-secret',
      firstSecret: String(first),
      secondSecret: String(second),
      rotatedSecret: String(third),
      code: String(code),
      accessToken: String(refreshed['access_token']),
      idToken: String(refreshed['id_token']),
      exchangedToken: String(exchanged['access_token']),
      usedRefreshToken: String(tokens['refresh_token']),
      refreshToken: String(refreshed['refresh_token']),
      encryptionKey,
      ...Object.fromEntries(cookies.map((cookie) => cookie.split('=', 2) as [string, string])),
    };
    for (const value of Object.values(found)) expect(value).not.toBe('undefined');
    expect(cookies.length).toBeGreaterThan(1);
    return found;
  }

  it('holds no usable secret, password, code, token or session', async () => {
    const known = await secrets();
    const text = await dump(database);
    // the dump is a real one: what is no secret stands in it
    for (const present of [
      'carol',
      'reports',
      createHash('sha256').update(known['firstSecret']!).digest('base64url'),
    ]) {
      expect(text).toContain(present);
    }
    for (const [name, value] of Object.entries(known)) {
      // the parts of a JWT, too; the signature is enough to complete what the index tells
      for (const part of [value, value.split('.').at(-1)!]) expect([name, text.includes(part)]).toEqual([name, false]);
    }
    expect(text).not.toMatch(/"d":|PRIVATE KEY/);
  }, 20_000);

  it('holds of registered clients and users hashes only, and a hash opens nothing', async () => {
    const store = await openStore({ url: database, encryptionKeys: [encryptionKey] });
    const { registrations } = await store.registrations.snapshot();
    await store.close();
    const client = registrations.find(({ id }) => id === 'reports')!.document as { secrets: { hash: string }[] };
    const user = registrations.find(({ id }) => id === 'carol')!.document as { passwordHash: string };
    expect(client.secrets).toHaveLength(2);
    for (const entry of client.secrets) {
      expect(Object.keys(entry).filter((name) => !['hash', 'expiresAt'].includes(name))).toEqual([]);
      const form = { grant_type: GrantType.ClientCredentials, scope: 'user.read' };
      const answer = await postForm(url('/oauth2/token'), form, { authorization: basic('reports', entry.hash) });
      expect([answer.status, answer.body['error']]).toEqual([401, 'invalid_client']);
    }
    expect(user.passwordHash).toMatch(/^scrypt\$65536\$8\$2\$/);
  });
});
