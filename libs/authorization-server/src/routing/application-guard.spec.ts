import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Injectable, Module, UseGuards, type Provider, type Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  parseServerConfig,
  ServerController,
  SigningKeys,
} from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import {
  AccessTokenGuard,
  AuthorizationServerHealthIndicator,
  currentAccessToken,
  ResourceServerModule,
  Scopes,
  type ResourceServerOptions,
} from '@onbehalf/resource-server';
import { basic } from '@onbehalf/testing-internal';

const ISSUER = 'http://localhost:9001';
const SECRET = randomBytes(16).toString('base64url');
const OPERATOR = 'metrics.read audit.read registrations.read exchange.explain';
// the guard of the application cannot tell them from its own; the server's can, and asks what the operator is entitled to
const SCOPES = `${OPERATOR} orders.read activity.read exchange.evaluate`;
const config = parseServerConfig(
  {
    resources: [
      { audience: 'auth-server', scopes: OPERATOR.split(' ') },
      { audience: 'auth-server-me', resource: `${ISSUER}/me`, scopes: ['activity.read'] },
      { audience: 'orders', scopes: ['orders.read'] },
    ],
    clients: [
      {
        clientId: 'operator',
        secret: SECRET,
        grantTypes: ['client_credentials'],
        scopes: OPERATOR.split(' '),
        defaultResource: 'auth-server',
        represents: ['orders'],
      },
    ],
  },
  {},
);
const keys = await SigningKeys.generate();
const current = () => ({ audiences: currentAccessToken()?.audiences ?? [] });

/** The API of the application. */
@Controller()
class OrdersController {
  @Get('orders')
  @UseGuards(AccessTokenGuard)
  @Scopes('orders.read')
  orders() {
    return current();
  }

  @Get('orders/passport')
  @UseGuards(AuthGuard('onbehalf'))
  byPassport() {
    return current();
  }
}

/** Of the server, wherever it is registered. */
@ServerController('own')
class OwnController {
  @Get()
  @UseGuards(AccessTokenGuard)
  @Scopes('audit.read')
  own() {
    return current();
  }

  @Get('passport')
  @UseGuards(AuthGuard('onbehalf'))
  byPassport() {
    return current();
  }
}

@Injectable()
class Readiness {
  constructor(readonly indicator: AuthorizationServerHealthIndicator) {}
}

const application = (store: AuthorizationStore): ResourceServerOptions => ({
  issuers: [{ issuer: ISSUER, keys: keys.verification, algorithms: ['RS256', 'ES256', 'EdDSA'] }],
  audience: 'orders',
  isRevoked: async ({ jwtId }) => (await store.tokens.standing(jwtId)).revoked,
});

interface Around {
  readonly options?: Partial<ResourceServerOptions>;
  readonly serverFirst?: boolean;
  readonly providers?: Provider[];
}

function shop(store: AuthorizationStore, { options, serverFirst, providers = [] }: Around, isGuarded = true): Type {
  const server = AuthorizationServerModule.forRoot({
    issuer: ISSUER,
    config,
    keys,
    storage: store,
    cookieKeys: [randomBytes(32).toString('hex')],
    nonceSecret: randomBytes(32),
  });
  const guard = isGuarded ? [ResourceServerModule.forRoot({ ...application(store), ...options })] : [];
  class ShopModule {}
  const controllers = [OrdersController, OwnController];
  const imports = serverFirst ? [server, ...guard] : [...guard, server];
  Module({ imports, controllers, providers: isGuarded ? [...providers, Readiness] : providers })(ShopModule);
  return ShopModule;
}

const create = (root: Type) => NestFactory.create<NestExpressApplication>(root, { logger: false, abortOnError: false });

async function start(root: Type): Promise<NestExpressApplication> {
  const app = await create(root);
  app.use(app.get(AuthorizationServer).middleware);
  return app.listen(0, '127.0.0.1').then(() => app);
}

async function get(app: NestExpressApplication, path: string, authorization = ''): Promise<Response> {
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}${path}`;
  return fetch(url, { headers: authorization ? { authorization } : {} });
}

async function tokenFor(store: AuthorizationStore, aud: string | string[], claims: object = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  const [jti, exp] = [randomUUID(), iat + 300];
  const audiences = [aud].flat();
  await store.tokens.record({ jti, clientId: 'operator', subject: 'operator', audiences, expiresAt: exp });
  const scope = aud === 'auth-server' ? OPERATOR : SCOPES;
  const all = { iss: ISSUER, sub: 'operator', aud, client_id: 'operator', scope, iat, exp, jti, ...claims };
  return `Bearer ${await keys.sign(all, { typ: 'at+jwt' })}`;
}

const AROUND: Readonly<Record<string, Around>> = {
  'a guard of its own, registered before the server': {},
  'a guard of its own, registered after the server': { serverFirst: true },
  'a global guard, registered before the server': { options: { global: true } },
  'a global guard, registered after the server': { options: { global: true }, serverFirst: true },
  'AccessTokenGuard as APP_GUARD': { providers: [{ provide: APP_GUARD, useClass: AccessTokenGuard }] },
  "AuthGuard('onbehalf') as APP_GUARD": {
    providers: [{ provide: APP_GUARD, useClass: AuthGuard('onbehalf') }],
    serverFirst: true,
  },
};

/** Whose tokens open what: each of them holds every scope, so that the audience alone decides. */
const EXPECTED: readonly (readonly [path: string, opens: readonly string[]])[] = [
  ['/orders', ['application']],
  ['/orders/passport', ['application']],
  ['/own', ['operator']],
  ['/own/passport', ['operator']],
  ['/metrics', ['operator']],
  ['/admin/audit', ['operator']],
  ['/admin/audit/export', ['operator']],
  ['/admin/clients', ['operator']],
  ['/admin/users', ['operator']],
  ['/admin/drift', ['operator']],
  // whoever has no login has no activity
  ['/me/activity', []],
  ['/me/clients', []],
];

describe.each(Object.entries(AROUND))('a server in an application with %s', (_, around) => {
  let store: AuthorizationStore;
  let app: NestExpressApplication;
  const tokens: Record<string, string> = { nobody: '' };

  beforeAll(async () => {
    store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    app = await start(shop(store, around));
    tokens['application'] = await tokenFor(store, 'orders');
    tokens['operator'] = await tokenFor(store, 'auth-server');
    tokens['person'] = await tokenFor(store, 'auth-server-me');
    tokens['application and operator'] = await tokenFor(store, ['orders', 'auth-server']);
    tokens['application and person'] = await tokenFor(store, ['orders', 'auth-server-me']);
    tokens['stranger'] = await tokenFor(store, 'others');
    for (const aud of ['orders', 'auth-server']) {
      const jti = randomUUID();
      const known = { jti, clientId: 'operator', subject: 'operator', audiences: [aud], expiresAt: 4_000_000_000 };
      await store.tokens.record(known);
      await store.tokens.revoke(jti);
      tokens[`revoked for ${aud}`] = await tokenFor(store, aud, { jti });
    }
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  it.each(EXPECTED)('%s opens to %j alone', async (path, opens) => {
    for (const [whose, token] of Object.entries(tokens)) {
      const { status } = await get(app, path, token);
      expect([whose, status]).toEqual([whose, opens.includes(whose) ? 200 : 401]);
    }
  });

  it.each([
    ['/orders', 'application', 'orders'],
    ['/orders/passport', 'application', 'orders'],
    ['/own', 'operator', 'auth-server'],
    ['/own/passport', 'operator', 'auth-server'],
  ])('the handler of %s finds the token that its own guard verified', async (path, whose, audience) => {
    const answer = await get(app, path, tokens[whose]);
    expect(await answer.json()).toEqual({ audiences: [audience] });
  });

  it.each([
    ['/oauth2/jwks', 200],
    ['/assets/authorization-server.css', 200],
    ['/login/none', 400],
    ['/oauth2/revocations', 401],
  ])('%s asks for no access token: %d', async (path, status) => {
    expect((await get(app, path)).status).toBe(status);
  });

  it('serves the revocation feed of the guards to clients', async () => {
    expect((await get(app, '/oauth2/revocations', basic('operator', SECRET))).status).toBe(200);
  });

  it('a demand of the application is judged by its guard', async () => {
    const poor = await tokenFor(store, 'orders', { scope: 'audit.read' });
    expect((await get(app, '/orders', poor)).status).toBe(403);
  });
});

describe('an application whose issuer is out of reach', () => {
  it('is told so by its own health indicator, and the endpoints of the server work', async () => {
    const store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    const issuers = [{ issuer: ISSUER, jwksUri: 'http://127.0.0.1:1/jwks' }];
    const app = await start(shop(store, { options: { issuers }, serverFirst: true }));
    const { orders } = await app.get(Readiness).indicator.check('orders');
    expect(orders.status).toBe('down');
    expect((await get(app, '/orders', await tokenFor(store, 'orders'))).status).toBe(503);
    expect((await get(app, '/admin/audit', await tokenFor(store, 'auth-server'))).status).toBe(200);
    await app.close();
    await store.close();
  });
});

describe('an application that would not know whose token is whose', () => {
  it.each<[string, Around, boolean, string]>([
    [
      'takes the audience of operators',
      { options: { audience: ['orders', 'auth-server'] } },
      true,
      'ResourceServerModule.audience is "auth-server"; accepted: one that the server inside the application does not have',
    ],
    [
      'takes the audience of people',
      { options: { audience: 'auth-server-me' }, serverFirst: true },
      true,
      'ResourceServerModule.audience is "auth-server-me"',
    ],
    [
      'demands scopes and has not registered the module',
      {},
      false,
      "ResourceServerModule: @Scopes('orders.read') on OrdersController.orders is \"not enforced",
    ],
  ])('that %s does not start', async (_, around, isGuarded, message) => {
    const store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    const app = await create(shop(store, around, isGuarded));
    await expect(app.init()).rejects.toThrow(message);
    await app.close().catch(() => undefined);
    await store.close();
  });

  it('does not start with two servers', async () => {
    const store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    class Both {}
    Module({ imports: [shop(store, {}), shop(store, {}, false)] })(Both);
    const app = await create(Both);
    await expect(app.init()).rejects.toThrow('EmbeddedResourceServerModule is "2 registrations"; accepted: one server');
    await app.close().catch(() => undefined);
    await store.close();
  });
});
