import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, UseGuards, type INestApplication, type Type } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import type { Server } from 'node:http';
import request from 'supertest';
import {
  AccessTokenGuard,
  Actors,
  AnyScope,
  CurrentSubject,
  NoDelegation,
  Public,
  RequireDelegation,
  ResourceServerModule,
  Scopes,
  StepUp,
  type ResourceServerOptions,
} from '../index.js';

const NOW = 1_800_000_000;

@Controller('routes')
@UseGuards(AccessTokenGuard)
class RouteController {
  @Get('all')
  @Scopes('a', 'b')
  all() {
    return 'ok';
  }

  @Get('any')
  @AnyScope('a', 'b')
  any() {
    return 'ok';
  }

  @Get('twice')
  @AnyScope('a', 'b')
  @AnyScope('c', 'd')
  twice() {
    return 'ok';
  }

  @Get('actors')
  @Actors('user-service', 'other-service')
  actors() {
    return 'ok';
  }

  @Get('no-delegation')
  @NoDelegation()
  noDelegation() {
    return 'ok';
  }

  @Get('delegation')
  @RequireDelegation()
  delegation() {
    return 'ok';
  }

  @Get('acr')
  @StepUp({ acr: ['gold', 'silver'] })
  acr() {
    return 'ok';
  }

  @Get('max-age')
  @StepUp({ maxAge: 300 })
  maxAge() {
    return 'ok';
  }

  @Get('both')
  @StepUp({ acr: 'gold', maxAge: 0 })
  both() {
    return 'ok';
  }
}

@Controller('admin')
@UseGuards(AccessTokenGuard)
@Scopes('admin')
class AdminController {
  @Get('more')
  @Scopes('write')
  more() {
    return 'ok';
  }

  @Get('open')
  @Public()
  open(@CurrentSubject() subject: string | undefined) {
    return subject ?? 'nobody';
  }
}

@Controller('open')
@UseGuards(AccessTokenGuard)
@Public()
class OpenController {
  @Get()
  open() {
    return 'ok';
  }

  @Get('closed')
  @Scopes('write')
  closed() {
    return 'ok';
  }
}

@Controller('unguarded')
class UnguardedController {
  @Get()
  plain() {
    return 'ok';
  }

  @Get('scopes')
  @Scopes('a')
  scopes() {
    return 'ok';
  }

  @Get('subject')
  subject(@CurrentSubject() subject: string) {
    return subject;
  }
}

@Controller('passport')
@UseGuards(AuthGuard('onbehalf'))
class PassportController {
  @Get()
  plain(@CurrentSubject() subject: string) {
    return subject;
  }

  @Get('scopes')
  @Scopes('a')
  scopes() {
    return 'ok';
  }
}

const CONTROLLERS = [RouteController, AdminController, OpenController, UnguardedController, PassportController];

async function start(
  platform: string,
  issuer: TestIssuer,
  options: Partial<ResourceServerOptions> = {},
  controllers: Type[] = CONTROLLERS,
): Promise<INestApplication<Server>> {
  const module = await Test.createTestingModule({
    imports: [ResourceServerModule.forTesting(issuer, { global: false, clock: () => NOW, ...options })],
    controllers,
  }).compile();
  const app: INestApplication<Server> =
    platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
  app.useLogger(false);
  await app.init();
  if (platform === 'fastify') await (app.getHttpAdapter().getInstance() as { ready(): Promise<void> }).ready();
  return app;
}

interface Refusal {
  readonly status: number;
  readonly challenge?: string;
}

const scope = (description: string, scopes?: string): Refusal => ({
  status: 403,
  challenge: `Bearer error="insufficient_scope", error_description="${description}"${scopes ? `, scope="${scopes}"` : ''}`,
});
const stepUp = (description: string, parameters: string): Refusal => ({
  status: 401,
  challenge: `Bearer error="insufficient_user_authentication", error_description="${description}", ${parameters}`,
});
const OK: Refusal = { status: 200 };
const BARE: Refusal = { status: 401, challenge: 'Bearer' };
const bareFor = (scopes: string): Refusal => ({ status: 401, challenge: `Bearer scope="${scopes}"` });

const UNKNOWN_ACTOR = scope('The current actor may not use this resource');
const ONE_OF = scope("One of the scopes 'a', 'b' is required", 'a');
const LEVEL = 'A different authentication level is required';
const AGE = 'More recent authentication is required';
const actor = (...subjects: string[]) =>
  subjects.reduceRight<object | undefined>((act, sub) => ({ sub, ...(act && { act }) }), undefined);

const ROWS: [path: string, claims: Record<string, unknown> | undefined, expected: Refusal][] = [
  ['/routes/all', { scope: 'a b c' }, OK],
  ['/routes/all', { scope: 'a' }, scope("The scope 'a b' is required", 'a b')],
  ['/routes/any', { scope: 'b' }, OK],
  ['/routes/any', { scope: 'c' }, ONE_OF],
  ['/routes/twice', { scope: 'a d' }, OK],
  ['/routes/twice', { scope: 'a b' }, scope("One of the scopes 'c', 'd' is required", 'c')],
  ['/routes/twice', { scope: 'd' }, ONE_OF],
  ['/routes/actors', { act: actor('user-service') }, OK],
  ['/routes/actors', { act: actor('other-service', 'stranger') }, OK],
  ['/routes/actors', { act: actor('stranger', 'user-service') }, UNKNOWN_ACTOR],
  ['/routes/actors', {}, UNKNOWN_ACTOR],
  ['/routes/actors', { act: { sub: 'user-service', iss: 'https://issuer.test' } }, OK],
  ['/routes/actors', { act: { sub: 'user-service', iss: 'https://other.test' } }, UNKNOWN_ACTOR],
  ['/routes/actors', { client_id: 'user-service', sub: 'user-service' }, UNKNOWN_ACTOR],
  ['/routes/no-delegation', {}, OK],
  ['/routes/no-delegation', { act: actor('a') }, scope('This resource may not be used on behalf of the subject')],
  ['/routes/delegation', { act: actor('a') }, OK],
  ['/routes/delegation', {}, scope('This resource may only be used on behalf of the subject')],
  ['/routes/acr', { acr: 'silver' }, OK],
  ['/routes/acr', { acr: 'bronze' }, stepUp(LEVEL, 'acr_values="gold silver"')],
  ['/routes/acr', { acr: ['gold'] }, stepUp(LEVEL, 'acr_values="gold silver"')],
  ['/routes/acr', {}, stepUp(LEVEL, 'acr_values="gold silver"')],
  ['/routes/max-age', { auth_time: NOW - 300 }, OK],
  ['/routes/max-age', { auth_time: NOW - 330 }, OK],
  ['/routes/max-age', { auth_time: NOW - 331 }, stepUp(AGE, 'max_age=300')],
  ['/routes/max-age', { auth_time: NOW + 30 }, OK],
  ['/routes/max-age', { auth_time: NOW + 31 }, stepUp(AGE, 'max_age=300')],
  ['/routes/max-age', { auth_time: NOW * 1000 }, stepUp(AGE, 'max_age=300')],
  ['/routes/max-age', { auth_time: String(NOW) }, stepUp(AGE, 'max_age=300')],
  ['/routes/max-age', {}, stepUp(AGE, 'max_age=300')],
  ['/routes/both', { acr: 'gold', auth_time: NOW }, OK],
  ['/routes/both', { acr: 'gold', auth_time: NOW - 60 }, stepUp(AGE, 'acr_values="gold", max_age=0')],
  ['/routes/both', { auth_time: NOW }, stepUp(LEVEL, 'acr_values="gold", max_age=0')],
  ['/admin/more', { scope: 'admin write' }, OK],
  ['/admin/more', { scope: 'write' }, scope("The scope 'admin' is required", 'admin')],
  ['/admin/more', { scope: 'admin' }, scope("The scope 'write' is required", 'write')],
  ['/admin/open', undefined, OK],
  ['/open', undefined, OK],
  ['/open/closed', undefined, bareFor('write')],
  ['/open/closed', { scope: 'write' }, OK],
  ['/unguarded', undefined, OK],
  ['/unguarded/scopes', undefined, bareFor('a')],
  ['/unguarded/scopes', { scope: 'a' }, bareFor('a')],
  ['/unguarded/subject', { scope: 'a' }, { status: 500 }],
  ['/passport', {}, OK],
  ['/passport', undefined, BARE],
  [
    '/passport',
    { aud: 'other' },
    {
      status: 401,
      challenge:
        'Bearer error="invalid_token", error_description="Invalid audience claim. Expected \'service\', got \'other\'"',
    },
  ],
  ['/passport/scopes', { scope: 'a' }, OK],
  ['/passport/scopes', { scope: 'b' }, scope("The scope 'a' is required", 'a')],
];

describe.each(['express', 'fastify'])('decorators on %s', (platform) => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;
  beforeAll(async () => {
    issuer = await createTestIssuer({ clock: () => NOW });
    app = await start(platform, issuer);
  });
  afterAll(() => app.close());

  const get = async (path: string, claims?: Record<string, unknown>, target = app) => {
    const call = request(target.getHttpServer()).get(path);
    return claims ? call.auth(await issuer.token(claims), { type: 'bearer' }) : call;
  };

  it.each(ROWS)('%s with %j', async (path, claims, { status, challenge }) => {
    const response = await get(path, claims);
    expect({ status: response.status, challenge: response.headers['www-authenticate'] }).toEqual({
      status,
      challenge,
    });
  });

  describe('demands of the whole service', () => {
    let demanding: INestApplication<Server>;
    beforeAll(async () => {
      const options = { global: true, scopes: ['service'], actors: ['user-service'] };
      const controllers = [RouteController, AdminController, OpenController, UnguardedController];
      demanding = await start(platform, issuer, options, controllers);
    });
    afterAll(() => demanding.close());

    it.each([
      ['/unguarded', undefined, bareFor('service')],
      ['/unguarded', { scope: 'service' }, OK],
      ['/unguarded', { scope: 'other' }, scope("The scope 'service' is required", 'service')],
      ['/unguarded', { scope: 'service', act: actor('user-service') }, OK],
      ['/unguarded', { scope: 'service', act: actor('stranger', 'user-service') }, UNKNOWN_ACTOR],
      ['/unguarded', { scope: 'service', act: { sub: 'user-service', iss: 'https://other.test' } }, UNKNOWN_ACTOR],
      ['/unguarded/subject', { scope: 'service' }, OK],
      ['/routes/any', { scope: 'a' }, scope("The scope 'service' is required", 'service')],
      ['/routes/any', { scope: 'service a' }, OK],
      ['/admin/open', undefined, OK],
    ] as typeof ROWS)('%s with %j', async (path, claims, { status, challenge }) => {
      const response = await get(path, claims, demanding);
      expect({ status: response.status, challenge: response.headers['www-authenticate'] }).toEqual({
        status,
        challenge,
      });
    });
  });
});

describe('decorators without a meaning', () => {
  it.each([
    ['@Scopes()', () => Scopes(), 'ResourceServerModule: @Scopes needs one or more non-empty names'],
    ["@Scopes('')", () => Scopes(''), 'ResourceServerModule: @Scopes needs one or more non-empty names'],
    ["@Scopes('a b')", () => Scopes('a b'), 'ResourceServerModule: @Scopes got "a b", which is no scope token'],
    ['@AnyScope()', () => AnyScope(), 'ResourceServerModule: @AnyScope needs one or more non-empty names'],
    ['@Actors()', () => Actors(), 'ResourceServerModule: @Actors needs one or more non-empty names'],
    ['@StepUp({})', () => StepUp({}), 'ResourceServerModule: @StepUp needs acr or maxAge'],
    ['@StepUp({ acr: [] })', () => StepUp({ acr: [] }), 'ResourceServerModule: @StepUp needs acr or maxAge'],
    [
      '@StepUp({ maxAge: -1 })',
      () => StepUp({ maxAge: -1 }),
      'ResourceServerModule: @StepUp maxAge must be a whole number of seconds',
    ],
  ])('%s fails when the class is defined', (_case, decorate, message) => {
    expect(decorate).toThrow(message);
  });
});

describe("AuthGuard('onbehalf')", () => {
  it('refuses to guess between two applications in one process', async () => {
    const [one, other] = await Promise.all([createTestIssuer(), createTestIssuer({ issuer: 'https://other.test' })]);
    const guarded = await start('express', one, {}, [PassportController]);
    const second = await start('express', other, {}, [RouteController]);
    const call = async () =>
      request(guarded.getHttpServer())
        .get('/passport')
        .auth(await one.token(), { type: 'bearer' });
    expect((await call()).status).toBe(500);
    await second.close();
    expect((await call()).status).not.toBe(500);
    await guarded.close();
  });

  it('AccessTokenGuard verifies with the options of its own application', async () => {
    const [one, other] = await Promise.all([
      createTestIssuer({ clock: () => NOW }),
      createTestIssuer({ clock: () => NOW, issuer: 'https://other.test' }),
    ]);
    const first = await start('express', one, {}, [RouteController]);
    const second = await start('express', other, {}, [RouteController]);
    const token = await one.token({ scope: 'a' });
    const status = async (app: INestApplication<Server>) =>
      (await request(app.getHttpServer()).get('/routes/any').auth(token, { type: 'bearer' })).status;
    expect(await status(first)).toBe(200);
    expect(await status(second)).toBe(401);
    await Promise.all([first.close(), second.close()]);
  });
});
