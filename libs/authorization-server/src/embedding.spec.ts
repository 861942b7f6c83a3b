import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  Accounts,
  AuthorizationServer,
  AuthorizationServerModule,
  hashPassword,
  hashSecret,
  OwnClients,
  parseServerConfig,
  SigningKeys,
  verifyPassword,
  type AccountsPort,
  type ClientsPort,
  type LoginPage,
  type LoginView,
  type OwnAccount,
  type OwnClient,
} from '@onbehalf/authorization-server';
import { openStore } from '@onbehalf/authorization-store';
import {
  AccessToken,
  AccessTokenGuard,
  ResourceServerModule,
  Scopes,
  type VerifiedAccessToken,
} from '@onbehalf/resource-server';
import { basic, compareReadme, logIn, obtainCode, postForm, UserAgent } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';

const database = new DatabaseSync(':memory:');
database.exec(`
  create table users (id text primary key, email text unique, name text, password text, active integer not null);
  create table apps (id text primary key, callback text, secret_hash text, active integer not null);
`);
const listening = createServer().listen(0, '127.0.0.1');
await once(listening, 'listening');
const issuer = `http://localhost:${(listening.address() as AddressInfo).port}`;
const [password, secret] = [randomBytes(16).toString('hex'), randomBytes(32).toString('base64url')];
const REDIRECT_URI = 'http://127.0.0.1:9999/callback';
const config = parseServerConfig(
  {
    resources: [
      { audience: 'orders', scopes: ['orders.read'] },
      { audience: 'stock', scopes: ['stock.read'] },
      { audience: 'auth-server', scopes: ['audit.read'] },
    ],
    clients: [
      {
        clientId: 'orders',
        secret,
        grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'],
        represents: ['orders'],
      },
    ],
    users: [{ username: 'root', passwordHash: await hashPassword(randomBytes(16).toString('hex')) }],
    edges: [
      {
        client: 'orders',
        subjectAudience: 'orders',
        target: 'stock',
        mode: 'delegation',
        scopes: { 'stock.read': { requires: ['orders.read'] } },
      },
    ],
  },
  {},
);
const serverSettings = {
  issuer,
  config,
  keys: await SigningKeys.generate(),
  storage: await openStore({ url: 'sqlite::memory:', issuer, sweepInterval: 0 }),
  cookieKeys: [randomBytes(32).toString('hex')],
  nonceSecret: randomBytes(32),
};

interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly active: number;
}

interface AppRow {
  readonly id: string;
  readonly callback: string;
  readonly secret_hash: string;
  readonly active: number;
}

// #region ports
@Injectable()
class UserTable implements AccountsPort {
  findByLogin(email: string) {
    return toAccount(database.prepare('select * from users where email = ?').get(email));
  }

  find(id: string) {
    return toAccount(database.prepare('select * from users where id = ?').get(id));
  }

  verifyPassword({ subject }: OwnAccount, password: string) {
    const row = database.prepare('select password from users where id = ?').get(subject);
    return verifyPassword(password, String(row?.['password']));
  }
}

function toAccount(row: object | undefined): OwnAccount | undefined {
  if (!row) return undefined;
  const { id, email, name, password, active } = row as UserRow;
  // a new password ends what the old one has opened
  return {
    subject: id,
    enabled: active === 1,
    credential: password,
    email,
    name,
    entitledScopes: ['orders.read', 'stock.read'],
  };
}

@Injectable()
class AppTable implements ClientsPort {
  list() {
    return database.prepare('select * from apps').all().map(toClient);
  }
}

function toClient(row: object): OwnClient {
  const { id, callback, secret_hash, active } = row as AppRow;
  return {
    clientId: id,
    enabled: active === 1,
    secretHashes: [secret_hash],
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [callback],
    scopes: ['openid', 'profile', 'orders.read'],
    defaultResource: 'orders',
    consent: 'remember',
  };
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

@Injectable()
class ShopLogin implements LoginView {
  render({ action, clientId, username = '', error = '' }: LoginPage, language: string) {
    return `<!doctype html>
      <html lang="${language}">
        <title>The Shop</title>
        <h1>Welcome to the Shop</h1>
        <p role="alert">${escapeHtml(error)}</p>
        <form method="post" action="${escapeHtml(action)}">
          <label>E-mail for ${escapeHtml(clientId)} <input name="username" value="${escapeHtml(username)}"></label>
          <label>Password <input name="password" type="password"></label>
          <button>Sign in</button>
        </form>
      </html>`;
  }
}

@Module({ providers: [UserTable, AppTable, ShopLogin], exports: [UserTable, AppTable, ShopLogin] })
class PortsModule {}

@Module({
  imports: [
    AuthorizationServerModule.forRootAsync({
      imports: [PortsModule],
      inject: [UserTable, AppTable, ShopLogin],
      useFactory: (accounts: UserTable, clients: AppTable, loginView: ShopLogin) => ({
        ...serverSettings, // issuer, config, keys, storage, cookieKeys, nonceSecret
        accounts,
        clients,
        loginView,
      }),
    }),
  ],
})
class ShopModule {}
// #endregion

// #region guarded
@Controller('orders')
@UseGuards(AccessTokenGuard)
class OrdersController {
  @Get()
  @Scopes('orders.read')
  list(@AccessToken() token: VerifiedAccessToken) {
    return { of: token.subject };
  }
}

@Module({
  imports: [
    ShopModule,
    ResourceServerModule.forRoot({
      // the keys and the index of this very process: nothing goes over the network
      issuers: [{ issuer, keys: serverSettings.keys.verification, algorithms: ['RS256', 'ES256'] }],
      audience: 'orders',
      isRevoked: async ({ jwtId }) => (await serverSettings.storage.tokens.standing(jwtId)).revoked,
    }),
  ],
  controllers: [OrdersController],
})
class GuardedShopModule {}
// #endregion

/** The example of another spec. */
const TESTING = "const storage = (issuer: string) => openStore({ url: 'sqlite::memory:', issuer });";

describe('a server in an application with users, clients and a login page of its own', () => {
  let app: NestExpressApplication;
  const url = issuer;
  const ports = (): { users: UserTable; apps: AppTable; view: ShopLogin } => ({
    users: app.get(UserTable, { strict: false }),
    apps: app.get(AppTable, { strict: false }),
    view: app.get(ShopLogin, { strict: false }),
  });

  beforeAll(async () => {
    seed();
    app = await NestFactory.create<NestExpressApplication>(GuardedShopModule, { logger: false, abortOnError: false });
    app.use(app.get(AuthorizationServer).middleware);
    await app.init();
    listening.on('request', app.getHttpAdapter().getInstance() as RequestListener);
  });
  afterAll(async () => {
    listening.closeAllConnections();
    listening.close();
    await app.close();
    await serverSettings.storage.close();
  });
  beforeEach(async () => {
    database.exec('delete from users; delete from apps');
    seed();
    await app.get(OwnClients, { strict: false }).read();
  });

  const login = (more: object = {}) => ({
    issuer,
    clientId: 'web',
    redirectUri: REDIRECT_URI,
    scope: 'openid profile orders.read',
    username: 'alice@example.com',
    password,
    authorization: basic('web', secret),
    ...more,
  });
  const tokens = async (): Promise<Record<string, unknown>> => (await logIn(login())).body;
  const exchange = (token: unknown) =>
    postForm(
      `${url}/oauth2/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: String(token),
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        audience: 'stock',
        scope: 'stock.read',
      },
      { authorization: basic('orders', secret) },
    );

  it('the example of the README is the one that runs here', () => {
    const others = ["const issuer = 'https://login.example.com';", TESTING];
    expect(compareReadme(import.meta.url, others)).toEqual({ notQuoted: [], notTested: [] });
  });

  it('signs a user in by e-mail address, and exchanges the token with act', async () => {
    const { access_token: token } = await tokens();
    expect(decodeJwt(String(token))).toMatchObject({
      sub: 'u1',
      aud: 'orders',
      client_id: 'web',
      scope: 'orders.read',
    });
    const { status, body } = await exchange(token);
    expect([status, decodeJwt(String(body['access_token']))]).toMatchObject([
      200,
      { sub: 'u1', aud: 'stock', act: { sub: 'orders' }, scope: 'stock.read' },
    ]);
  });

  it('guards the API of the application with its own tokens, until they end', async () => {
    const { access_token: token } = await tokens();
    const get = async (path: string, access: unknown) =>
      fetch(url + path, { headers: { authorization: `Bearer ${String(access)}` } });
    const answer = await get('/orders', token);
    expect([answer.status, await answer.json()]).toEqual([200, { of: 'u1' }]);
    const { body: derived } = await exchange(token);
    expect((await get('/orders', derived['access_token'])).status).toBe(401);
    for (const path of ['/admin/audit', '/me/activity']) expect((await get(path, token)).status).toBe(401);
    database.exec("update users set active = 0 where id = 'u1'");
    await app.get(Accounts, { strict: false }).refresh('u1');
    expect((await get('/orders', token)).status).toBe(401);
  });

  it('shows the login page of the application, with what strangers choose escaped', async () => {
    const query = authorizationRequest();
    const agent = new UserAgent();
    const page = await agent.follow(await agent.get(`${url}/oauth2/authorize?${query.toString()}`));
    const text = await page.clone().text();
    expect(text).toContain('Welcome to the Shop');
    expect(text).not.toContain('<script>');
    const again = await agent.submit(page.url, { username: 'alice@example.com', password: 'wrong' });
    expect([again.status, await again.text()]).toEqual([400, expect.stringContaining('password is wrong')]);
  });

  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['nobody', { username: 'nobody@example.com' }],
    ['a disabled user', { username: 'bob@example.com' }],
    ['one whose id is that of a user of the file', { username: 'root@example.com' }],
  ])('does not sign in %s', async (_, more) => {
    await expect(obtainCode(login(more))).rejects.toThrow('no code came back: 400');
  });

  it('tells who is there, as the table says', async () => {
    const { access_token: token } = (await logIn(login({ scope: 'openid profile' }))).body;
    const answer = await fetch(`${url}/userinfo`, { headers: { authorization: `Bearer ${String(token)}` } });
    expect(await answer.json()).toMatchObject({ sub: 'u1', name: 'Alice' });
  });

  it.each([
    ['disabled', "update users set active = 0 where id = 'u1'"],
    ['deleted', "delete from users where id = 'u1'"],
  ])('ends the tokens of a user who is %s', async (_, change) => {
    const { access_token: token, refresh_token: refresh } = await tokens();
    const { body: derived } = await exchange(token);
    database.exec(change);
    expect((await exchange(token)).body['error']).toBe('invalid_request');
    const form = { grant_type: 'refresh_token', refresh_token: String(refresh) };
    const refreshed = await postForm(`${url}/oauth2/token`, form, { authorization: basic('web', secret) });
    expect([refreshed.status, refreshed.body['error']]).toEqual([400, 'invalid_grant']);
    const { tokens: revoked } = await serverSettings.storage.tokens.revokedSince();
    expect(revoked.map(({ jti }) => jti)).toContain(decodeJwt(String(derived['access_token'])).jti);
    seed();
    expect((await exchange(token)).status).toBe(400);
    expect((await exchange((await tokens())['access_token'])).status).toBe(200);
  });

  it('ends the tokens of a user with a new password, at once where it is told', async () => {
    const { access_token: token } = await tokens();
    database.prepare('update users set password = ?').run(await hashPassword(password));
    await app.get(Accounts, { strict: false }).refresh('u1');
    const { tokens: revoked } = await serverSettings.storage.tokens.revokedSince();
    expect(revoked.map(({ jti }) => jti)).toContain(decodeJwt(String(token)).jti);
  });

  it.each(['disabled', 'gone'])('lets in no client that is %s, and ends what it holds', async (state) => {
    const { access_token: token } = await tokens();
    database.exec(state === 'gone' ? 'delete from apps' : 'update apps set active = 0');
    await app.get(OwnClients, { strict: false }).read();
    await expect(tokens()).rejects.toThrow('no code came back');
    expect((await exchange(token)).status).toBe(400);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('connect db1');
      },
    ],
    ['rejects', () => Promise.reject(new Error('connect db1'))],
    ['answers nonsense', () => ({ subject: 'u1', enabled: 'yes' })],
    ['answers of somebody else', () => ({ subject: 'u2', enabled: true })],
  ])('a table of users that %s refuses for now, and ends nothing', async (_, answer) => {
    const { access_token: token } = await tokens();
    const { users } = ports();
    Object.assign(users, { find: answer });
    const refused = await exchange(token);
    expect([refused.status, refused.body['error'], refused.headers.get('retry-after')]).toEqual([
      503,
      'temporarily_unavailable',
      '5',
    ]);
    expect(JSON.stringify(refused.body)).not.toContain('db1');
    Reflect.deleteProperty(users, 'find');
    expect((await exchange(token)).status).toBe(200);
  });

  it.each([['findByLogin'], ['verifyPassword']] as const)(
    'a %s that fails is answered with a page, 503',
    async (method) => {
      const { users: port } = ports();
      Object.assign(port, { [method]: () => Promise.reject(new Error('connect db1')) });
      await expect(obtainCode(login())).rejects.toThrow('no code came back: 503');
      Reflect.deleteProperty(port, method);
      await expect(obtainCode(login())).resolves.toBeDefined();
    },
  );

  it.each([
    ['fails', () => Promise.reject(new Error('connect db1'))],
    ['makes no page', () => ({ html: '' })],
  ])('a template that %s is answered with a page, 503', async (_, render) => {
    const { view } = ports();
    Object.assign(view, { render });
    const agent = new UserAgent();
    const page = await agent.follow(await agent.get(`${url}/oauth2/authorize?${authorizationRequest().toString()}`));
    Reflect.deleteProperty(view, 'render');
    const text = await page.text();
    expect([page.status, text]).toEqual([503, expect.stringContaining('Please try again')]);
    expect(text).not.toContain('db1');
  });

  it('clients that cannot be read stay as they are known; one that cannot be is not let in', async () => {
    const clients = app.get(OwnClients, { strict: false });
    const { apps } = ports();
    Object.assign(apps, { list: () => Promise.reject(new Error('connect db1')) });
    await expect(clients.read()).rejects.toThrow('the port clients.list does not answer');
    Reflect.deleteProperty(apps, 'list');
    await expect(tokens()).resolves.toBeDefined();
    database.exec("update apps set callback = 'no url'");
    await clients.read();
    await expect(tokens()).rejects.toThrow('no code came back');
  });

  it('clients that cannot be read at the start stop it with one line that names the port', async () => {
    const clients = { list: () => Promise.reject(new Error('connect db1')) };
    const imports = [AuthorizationServerModule.forRoot({ ...serverSettings, clients })];
    const root = { module: class Unreadable {}, imports };
    const start = NestFactory.create(root, { logger: false, abortOnError: false });
    await expect(start).rejects.toThrow(/^the port clients\.list does not answer[^\n]*$/);
  });

  it('a client of the table leads to no operator', async () => {
    const { apps } = ports();
    const operator = { clientId: 'sneaky', grantTypes: ['client_credentials'], scopes: ['audit.read'] };
    const client = { ...operator, defaultResource: 'auth-server', secretHashes: [hashSecret(secret)] };
    Object.assign(apps, { list: () => [client] });
    await app.get(OwnClients, { strict: false }).read();
    Reflect.deleteProperty(apps, 'list');
    const form = { grant_type: 'client_credentials' };
    const { status } = await postForm(`${url}/oauth2/token`, form, { authorization: basic('sneaky', secret) });
    expect(status).toBe(401);
  });
});

const hashed = await hashPassword(password);

function seed(): void {
  database.exec('delete from users');
  const user = database.prepare('insert into users values (?, ?, ?, ?, ?)');
  user.run('u1', 'alice@example.com', 'Alice', hashed, 1);
  user.run('u2', 'bob@example.com', 'Bob', hashed, 0);
  user.run('root', 'root@example.com', 'Root', hashed, 1);
  const client = database.prepare('insert or replace into apps values (?, ?, ?, ?)');
  client.run('web', REDIRECT_URI, hashSecret(secret), 1);
}

function authorizationRequest(): URLSearchParams {
  return new URLSearchParams({
    client_id: 'web',
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    nonce: 'n',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
    login_hint: '"><script>',
  });
}
