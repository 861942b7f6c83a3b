import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Scope,
  VersioningType,
  type CanActivate,
  type NestInterceptor,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  parseServerConfig,
  SigningKeys,
} from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { basic, postForm } from '@onbehalf/testing-internal';
import { of } from 'rxjs';

const SECRET = randomBytes(16).toString('base64url');
const SCOPES = ['metrics.read', 'audit.read', 'registrations.read', 'exchange.explain'];
const config = parseServerConfig(
  {
    resources: [
      { audience: 'auth-server', scopes: SCOPES },
      { audience: 'auth-server-me', resource: 'http://localhost:9001/me', scopes: ['activity.read'] },
      { audience: 'orders', scopes: ['orders.read'] },
    ],
    clients: [
      {
        clientId: 'operator',
        secret: SECRET,
        grantTypes: ['client_credentials'],
        scopes: SCOPES,
        defaultResource: 'auth-server',
      },
      {
        clientId: 'app',
        secret: SECRET,
        grantTypes: ['authorization_code', 'client_credentials'],
        redirectUris: ['http://127.0.0.1/callback'],
        scopes: ['openid', 'orders.read'],
        defaultResource: 'orders',
        represents: ['orders'],
      },
    ],
  },
  {},
);

const keys = SigningKeys.generate();

/** Of the application around. */
@Controller()
class HelloController {
  @Get('hello')
  hello(): string {
    return 'hello';
  }
}

class Refuses implements CanActivate {
  canActivate = (): boolean => false;
}

class Wraps implements NestInterceptor {
  intercept = () => of({ data: 'wrapped' });
}

@Injectable({ scope: Scope.REQUEST })
class RefusesEachRequest extends Refuses {}

@Injectable({ scope: Scope.REQUEST })
class WrapsEachRequest extends Wraps {}

interface Around {
  readonly providers?: Provider[];
  readonly set?: (app: NestExpressApplication) => void;
}

const enhancers = (guard: Type, interceptor: Type): Provider[] => [
  { provide: APP_GUARD, useClass: guard },
  { provide: APP_INTERCEPTOR, useClass: interceptor },
];

const AROUND: Readonly<Record<string, Around>> = {
  'nothing around it': {},
  'a global prefix': { set: (app) => void app.setGlobalPrefix('api') },
  'a prefix with exceptions': { set: (app) => void app.setGlobalPrefix('api', { exclude: ['hello'] }) },
  'versions in the URI': { set: (app) => void app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }) },
  'a prefix and versions': {
    set: (app) => void app.setGlobalPrefix('api').enableVersioning({ type: VersioningType.URI, defaultVersion: '2' }),
  },
  'a guard that refuses everything': { providers: enhancers(Refuses, Wraps) },
  'such a guard, new for each request': { providers: enhancers(RefusesEachRequest, WrapsEachRequest) },
  'such a guard, set in main.ts': {
    set: (app) => void app.setGlobalPrefix('api').useGlobalGuards(new Refuses()).useGlobalInterceptors(new Wraps()),
  },
};

async function appAround(store: AuthorizationStore, { providers = [] }: Around): Promise<Type> {
  const server = AuthorizationServerModule.forRoot({
    issuer: 'http://localhost:9001',
    config,
    keys: await keys,
    storage: store,
    cookieKeys: [randomBytes(32).toString('hex')],
    nonceSecret: randomBytes(32),
  });
  class AppModule {}
  Module({ imports: [server], controllers: [HelloController], providers })(AppModule);
  return AppModule;
}

/** What is answered to whom, of all that the server has. */
const EXPECTED: readonly (readonly [request: string, as: 'nobody' | 'operator' | 'service', status: number])[] = [
  ['GET /', 'nobody', 200],
  ['GET /.well-known/openid-configuration', 'nobody', 200],
  ['GET /.well-known/oauth-authorization-server', 'nobody', 200],
  ['GET /oauth2/jwks', 'nobody', 200],
  ['GET /oauth2/authorize', 'nobody', 400],
  ['GET /oauth2/revocations', 'service', 200],
  ['GET /oauth2/revocations', 'nobody', 401],
  ['POST /oauth2/revocations', 'service', 200],
  ['GET /assets/authorization-server.css', 'nobody', 200],
  ['GET /assets/:logo', 'nobody', 404],
  ['GET /login/:uid', 'nobody', 400],
  ['POST /login/:uid', 'nobody', 400],
  ['GET /consent/:uid', 'nobody', 400],
  ['POST /consent/:uid', 'nobody', 400],
  ['GET /account/consents', 'nobody', 401],
  ['POST /account/consents', 'nobody', 401],
  ['GET /metrics', 'operator', 200],
  ['GET /metrics', 'nobody', 401],
  ['GET /admin/audit', 'operator', 200],
  ['GET /admin/audit', 'nobody', 401],
  ['GET /admin/audit/export', 'operator', 200],
  ['GET /admin/audit/traces/:id', 'operator', 200],
  ['GET /admin/clients', 'operator', 200],
  ['GET /admin/clients/:id', 'operator', 404],
  ['GET /admin/drift', 'operator', 200],
  ['GET /admin/reach', 'operator', 400],
  ['POST /admin/exchange/explain', 'operator', 400],
  ['GET /me/activity', 'nobody', 401],
  ['GET /me/activity', 'operator', 401],
  ['GET /me/clients', 'nobody', 401],
];

describe.each(Object.entries(AROUND))('the server in an application with %s', (name, around) => {
  let store: AuthorizationStore;
  let app: NestExpressApplication;
  let url: string;
  let operator: string;

  beforeAll(async () => {
    store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    app = await NestFactory.create<NestExpressApplication>(await appAround(store, around), { logger: false });
    app.use(app.get(AuthorizationServer).middleware);
    around.set?.(app);
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    const form = { grant_type: 'client_credentials' };
    const { body } = await postForm(`${url}/oauth2/token`, form, { authorization: basic('operator', SECRET) });
    operator = `Bearer ${String(body['access_token'])}`;
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  const status = async (request: string, as = 'nobody', at = ''): Promise<number> => {
    const [method = '', path = ''] = request.split(' ');
    const authorization = { operator, service: basic('app', SECRET), nobody: '' }[as] ?? '';
    const headers = { accept: 'text/html, application/json', ...(authorization && { authorization }) };
    return (await fetch(`${url}${at}${path}`, { method, headers })).status;
  };

  it.each(EXPECTED.filter(([request]) => request !== 'GET /' || !/prefix|guard/.test(name)))(
    '%s by %s: %d',
    async (request, as, expected) => {
      expect(await status(request, as)).toBe(expected);
    },
  );

  if (around.set) {
    it('has none of its paths under prefixes and versions', async () => {
      for (const at of ['/api', '/v1', '/v2', '/api/v2']) {
        for (const [request, as] of EXPECTED.filter(([request]) => request !== 'GET /'))
          expect([at + request, await status(request, as, at)]).toEqual([at + request, 404]);
      }
    });
  }

  it('leaves the routes of the application to it', async () => {
    const at = { 'a prefix with exceptions': '', 'versions in the URI': '/v1', 'a prefix and versions': '/api/v2' };
    const place = (at as Record<string, string>)[name] ?? (name.includes('prefix') || around.set ? '/api' : '');
    expect(await status('GET /hello', 'operator', place)).toBe(name.includes('guard') ? 403 : 200);
  });
});

describe('a server that its application does not suit', () => {
  it('does not start on Fastify', async () => {
    const store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    const root = await appAround(store, {});
    const app = await NestFactory.create(root, new FastifyAdapter(), { logger: false, abortOnError: false });
    await expect(app.init()).rejects.toThrow(
      'AuthorizationServerModule is "fastify"; accepted: an application on Express',
    );
    await app.close().catch(() => undefined);
    await store.close();
  });
});
