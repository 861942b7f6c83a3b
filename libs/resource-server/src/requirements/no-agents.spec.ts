import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, UseGuards, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { AGENT_CLAIM } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import type { Server } from 'node:http';
import request from 'supertest';
import {
  AccessTokenGuard,
  Actors,
  NoAgents,
  NotImpersonated,
  ResourceServerModule,
  type ActorsOptions,
  type ResourceServerOptions,
} from '../index.js';

@Controller('account')
@UseGuards(AccessTokenGuard)
class AccountController {
  @Get()
  read() {
    return 'yours';
  }

  @Post('password')
  @NoAgents()
  @NotImpersonated()
  password() {
    return 'changed';
  }

  @Get('for-agents')
  @Actors({ profile: 'ai_agent' })
  forAgents() {
    return 'short';
  }
}

const agent = { sub: 'assistant', iss: 'https://as.example', sub_profile: 'ai_agent' };
const now = { act: agent };
const twoHopsLater = { act: { sub: 'b', act: { sub: 'a', act: agent } } };
const marked = { act: { sub: 'b', act: { sub: 'a' } }, [AGENT_CLAIM]: true };
const service = { act: { sub: 'a', sub_profile: 'service' } };

describe('a route for agents, and one that is closed to them', () => {
  let issuer: TestIssuer;
  const apps: INestApplication<Server>[] = [];
  const open = async (options: Partial<ResourceServerOptions> = {}): Promise<INestApplication<Server>> => {
    const guard = ResourceServerModule.forRoot({
      issuers: [{ issuer: issuer.issuer, jwks: issuer.jwks, algorithms: issuer.algorithms }],
      audience: 'service',
      ...options,
    });
    const module = await Test.createTestingModule({ imports: [guard], controllers: [AccountController] }).compile();
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

  it.each<[string, Record<string, unknown>, number, number]>([
    ['the user', {}, 201, 403],
    ['a service that acts for the user', service, 201, 403],
    ['an agent', now, 403, 200],
    ['a service two hops after an agent, whose issuer sets no mark', twoHopsLater, 403, 403],
    ['a service two hops after an agent', { ...twoHopsLater, [AGENT_CLAIM]: true }, 403, 200],
    ['a token whose mark is all that is left of the agent', marked, 403, 200],
    ['an agent that acts for nobody', { sub: 'assistant', sub_profile: 'ai_agent' }, 403, 403],
    ['an agent as the subject of a service', { ...service, sub_profile: 'ai_agent' }, 403, 403],
    ['a party of several kinds', { act: { sub: 'a', sub_profile: 'service ai_agent' } }, 403, 200],
    ['a malformed mark', { [AGENT_CLAIM]: 'no' }, 401, 401],
    ['a malformed profile', { sub_profile: ['ai_agent'] }, 401, 401],
  ])('answers %s', async (_who, claims, closed, forAgents) => {
    expect((await send('post', '/account/password', claims)).status).toBe(closed);
    expect((await send('get', '/account/for-agents', claims)).status).toBe(forAgents);
  });

  it('says that more scope would not help', async () => {
    const answer = await send('post', '/account/password', twoHopsLater);
    expect(answer.body).toEqual({
      error: 'agent_forbidden',
      error_description: 'This resource may not be used by way of an AI agent',
    });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="agent_forbidden", error_description=/);
    const other = await send('get', '/account/for-agents', service);
    expect(other.headers['www-authenticate']).toMatch(
      /^Bearer error="insufficient_scope", error_description=".*ai_agent"/,
    );
  });

  it('can be the whole service', async () => {
    const closed = await open({ noAgents: true });
    expect((await send('get', '/account', now, closed)).status).toBe(403);
    expect((await send('get', '/account', service, closed)).status).toBe(200);
    await expect(open({ noAgents: 1 as never })).rejects.toThrow('noAgents is 1; accepted: true or false');
  });

  it('stands in the OpenAPI description, beside what else is demanded', () => {
    const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(paths['/account/password']?.post).toMatchObject({
      'x-no-agents': true,
      'x-not-impersonated': true,
      responses: { 403: { description: expect.stringMatching(/agent_forbidden.*impersonation_forbidden/) as unknown } },
    });
    expect(paths['/account/for-agents']?.get).toMatchObject({
      'x-actor-profile': 'ai_agent',
      responses: { 403: { description: expect.stringContaining('ai_agent') as unknown } },
    });
    expect(paths['/account']?.get).not.toHaveProperty('x-no-agents');
  });

  it.each<[ActorsOptions]>([[{ profile: '' }], [{} as ActorsOptions]])(
    'demands nothing by %j: it throws',
    (options) => {
      expect(() => Actors(options)).toThrow('ResourceServerModule: @Actors needs one or more non-empty names');
    },
  );
});
