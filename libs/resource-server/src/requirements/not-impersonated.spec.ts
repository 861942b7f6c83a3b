import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req, UseGuards, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { IMPERSONATION_CLAIM } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import type { Server } from 'node:http';
import request from 'supertest';
import {
  AccessTokenGuard,
  CurrentImpersonation,
  NotImpersonated,
  ResourceServerModule,
  type AuthenticatedRequest,
  type ResourceServerOptions,
} from '../index.js';

@Controller('account')
@UseGuards(AccessTokenGuard)
class AccountController {
  @Get()
  read(@CurrentImpersonation() impersonation: object | undefined, @Req() { auth }: AuthenticatedRequest) {
    return { shown: impersonation ?? null, same: auth.impersonation === impersonation };
  }

  @Post('password')
  @NotImpersonated()
  password() {
    return 'changed';
  }
}

@Controller('money')
@UseGuards(AccessTokenGuard)
@NotImpersonated()
class MoneyController {
  @Get()
  read() {
    return 'yours';
  }

  helper() {
    return 1;
  }
}

const mark = { id: 'the-first-token', sub: 'support', iss: 'https://as.example' };
const support = { sub: 'support', iss: 'https://as.example', sub_profile: 'user' };
const impersonated = { act: support, [IMPERSONATION_CLAIM]: mark };
const twoHopsLater = { act: { sub: 'b', act: { sub: 'a', act: support } }, [IMPERSONATION_CLAIM]: mark };

describe('@NotImpersonated()', () => {
  let issuer: TestIssuer;
  const apps: INestApplication<Server>[] = [];
  const open = async (options: Partial<ResourceServerOptions> = {}): Promise<INestApplication<Server>> => {
    const guard = ResourceServerModule.forRoot({
      issuers: [{ issuer: issuer.issuer, jwks: issuer.jwks, algorithms: issuer.algorithms }],
      audience: 'service',
      ...options,
    });
    const module = await Test.createTestingModule({
      imports: [guard],
      controllers: [AccountController, MoneyController],
    }).compile();
    const app = module.createNestApplication<INestApplication<Server>>({ logger: false });
    apps.push(await app.init());
    return app;
  };
  let app: INestApplication<Server>;
  beforeAll(async () => {
    issuer = await createTestIssuer();
    app = await open();
  });
  afterAll(() => Promise.all(apps.map((each) => each.close())));
  const send = async (method: 'get' | 'post', path: string, claims: Record<string, unknown>, to = app) =>
    request(to.getHttpServer())
      [method](path)
      .set('authorization', `Bearer ${await issuer.token(claims)}`);

  it.each([
    ['the user', {}, 201],
    ['a service that acts for the user', { act: { sub: 'user-service' } }, 201],
    ['an administrator', impersonated, 403],
    ['a service two hops after an administrator', twoHopsLater, 403],
    ['a token whose mark is all that is left', { [IMPERSONATION_CLAIM]: mark }, 403],
    ['a token whose mark is malformed', { [IMPERSONATION_CLAIM]: true }, 401],
  ])('answers %s', async (_who, claims, status) => {
    expect((await send('post', '/account/password', claims)).status).toBe(status);
  });

  it('says that more scope would not help', async () => {
    const answer = await send('get', '/money', twoHopsLater);
    expect(answer.status).toBe(403);
    expect(answer.body).toEqual({
      error: 'impersonation_forbidden',
      error_description: 'This resource may not be used while an administrator uses the account',
    });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="impersonation_forbidden", error_description=/);
  });

  it('leaves open what does not demand it, and tells who it is', async () => {
    expect((await send('get', '/account', twoHopsLater)).body).toEqual({ shown: mark, same: true });
    expect((await send('get', '/account', {})).body).toEqual({ shown: null, same: true });
  });

  it('can hold for the whole service', async () => {
    const closed = await open({ notImpersonated: true });
    expect((await send('get', '/account', impersonated, closed)).status).toBe(403);
    expect((await send('get', '/account', {}, closed)).status).toBe(200);
    await expect(open({ notImpersonated: 'yes' as never })).rejects.toThrow(
      'notImpersonated is "yes"; accepted: true or false',
    );
  });

  it('stands in the OpenAPI description', () => {
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    for (const operation of [paths['/account/password']?.post, paths['/money']?.get]) {
      expect(operation).toMatchObject({
        'x-not-impersonated': true,
        responses: { 403: { description: expect.stringContaining('impersonation_forbidden') as unknown } },
      });
    }
    expect(paths['/account']?.get).not.toHaveProperty('x-not-impersonated');
  });
});
