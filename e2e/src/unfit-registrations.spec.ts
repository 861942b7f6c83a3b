import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, execute, logIn, postForm, startPostgres } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';

const postgres = await startPostgres();
const databases = [
  {
    name: 'SQLite',
    open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'unfit-')), 'store.db')}`),
  },
  ...(postgres ? [{ name: 'PostgreSQL', open: () => postgres.database() }] : []),
];
afterAll(() => postgres?.stop());

const client = { authentication: 'client_secret_basic', grantTypes: ['client_credentials'] };
const user = { passwordHash: 'scrypt$65536$8$2$NvU246RNnZZfY6i1KNADQA$eRixKyWDKoZ_obe2sCDcpeiFxmvZ0xk7vA-W19hOt88' };
const edge = { client: 'bücher', target: 'message-service', mode: 'delegation', subjectAudience: 'user-service' };

/** As they may stand in a store: of a version that took more, or written by hand. */
const ODD: readonly (readonly [kind: string, id: string, document: object])[] = [
  ['edge', 'of nobody', { ...edge, scopes: { 'message.read': {} } }],
  ['client', 'bücher', { ...client, scopes: ['user.read'], defaultResource: 'user-service' }],
  ['client', ' spaced ', client],
  ['client', 'shop', { ...client, redirectUris: ['https://shop.example/#back'] }],
  ['client', 'odd-document', { secrets: 'none', grantTypes: null }],
  ['client', 'of odd', { ...client, scopes: ['odd'], resources: ['odd '], defaultResource: 'odd ' }],
  ['client', 'of odd, too', { ...client, scopes: ['odd'], resources: ['odd '], defaultResource: 'odd ' }],
  ['user', 'carol ', user],
  ['user', 'dave', { ...user, name: 'da\u0000ve' }],
  ['resource', 'odd ', { scopes: ['odd'] }],
];
/** PostgreSQL holds none. */
const WITH_NUL: (typeof ODD)[number] = ['client', 'nul\u0000', client];

describe.each(databases)('registrations that are stored and fit no schema, on $name', ({ name, open }) => {
  const odd = name === 'SQLite' ? [...ODD, WITH_NUL] : ODD;
  const unfit = odd.filter(([, id]) => !['of odd', 'of odd, too', 'of nobody'].includes(id));
  let system: System;
  let server: string;
  let operator: Operator;

  beforeAll(async () => {
    const settings = { DATABASE_URL: await open(), ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    const before = await (await System.onFreePorts(settings)).up('auth-server');
    await before.down();
    const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
    const id = (value: string): string => value.split('\u0000').map(text).join(' || char(0) || ');
    const rows = odd.map(([kind, name, document]) => {
      return `(${text(kind)}, ${id(name)}, 1, ${text(JSON.stringify(document))}, 0)`;
    });
    await execute(
      settings.DATABASE_URL,
      `insert into registrations (kind, id, version, document, changed_at) values ${rows.join(', ')}`,
    );
    system = await (await System.onFreePorts(settings)).up('auth-server');
    server = system.url('auth-server');
    operator = await Operator.with('registrations.read registrations.write audit.read', server);
  }, 60_000);

  afterAll(() => system.down());

  const named = () =>
    system
      .app('auth-server')
      .lines.filter((line) => line.includes('"registrations.unfit"'))
      .map((line) => JSON.parse(line) as { kind: string; id: string; reason: string });
  const path = (kind: string, id: string): string => `/admin/${kind}s/${encodeURIComponent(id)}`;

  it('the start names each in one line, and goes on', () => {
    expect(
      named()
        .map(({ kind, id }) => [kind, id])
        .sort(),
    ).toEqual(unfit.map(([kind, id]) => [kind, id]).sort());
  });

  it.each(odd.filter(([kind]) => kind === 'client').map(([, id]) => id))(
    'nobody is let in as the client %j',
    async (id) => {
      for (const endpoint of ['token', 'revoke', 'introspect']) {
        const fields = { grant_type: GrantType.ClientCredentials, token: 'x' };
        const { status, body } = await postForm(`${server}/oauth2/${endpoint}`, fields, {
          authorization: basic(id, 'secret'),
        });
        expect([endpoint, status]).not.toEqual([endpoint, 200]);
        expect(['invalid_client', 'invalid_request']).toContain(body['error']);
      }
      const query = new URLSearchParams({
        client_id: id,
        response_type: 'code',
        redirect_uri: 'https://shop.example/',
      });
      expect((await fetch(`${server}/oauth2/authorize?${query}`, { redirect: 'manual' })).status).toBe(400);
    },
  );

  it.each(['carol ', 'dave'])('nobody signs in as %j', async (username) => {
    const redirectUri = `${system.url('client-app')}/callback`;
    const login = { issuer: server, clientId: 'client-app', redirectUri, scope: 'openid user.read' };
    const authorization = basic('client-app', 'client-app-secret');
    await expect(logIn({ ...login, authorization, username, password: 'password' })).rejects.toThrow();
  });

  it('everybody else goes on, and can be changed', async () => {
    const { status } = await postForm(
      `${server}/oauth2/token`,
      { grant_type: GrantType.ClientCredentials },
      { authorization: basic('user-service', 'user-service-secret') },
    );
    expect(status).toBe(200);
    expect((await operator.fetch('/admin/clients/user-service/disable', { method: 'POST' })).status).toBe(200);
    expect((await operator.fetch('/admin/clients/user-service/enable', { method: 'POST' })).status).toBe(200);
  });

  it('operators are shown all of them, and delete them', async () => {
    for (const [kind, id] of odd) {
      const shown = await operator.fetch(path(kind, id));
      expect([id, shown.status]).toEqual([id, 200]);
      const headers = { 'if-match': shown.headers.get('etag')! };
      const deleted = await operator.fetch(path(kind, id), { method: 'DELETE', headers });
      expect([id, deleted.status, await deleted.text()]).toEqual([id, 204, '']);
      expect((await operator.fetch(path(kind, id))).status).toBe(404);
    }
  });
});
