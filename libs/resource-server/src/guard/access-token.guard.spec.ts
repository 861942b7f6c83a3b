import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Get,
  Module,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { currentAccessToken, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { Actor } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import type { Response } from 'express';
import { randomInt } from 'node:crypto';
import type { Server } from 'node:http';
import request from 'supertest';
import {
  AccessToken,
  CurrentActor,
  CurrentSubject,
  DelegationChain,
  Public,
  RESOURCE_SERVER_OPTIONS,
  ResourceServerModule,
  Scopes,
  type AccessRefused,
} from '../index.js';

@Controller()
class MessageController {
  @Get('open')
  @Public()
  open(@CurrentSubject() subject: string | undefined) {
    return { subject: subject ?? null };
  }

  @Get('message')
  @Scopes('message.read')
  message(
    @CurrentSubject() subject: string,
    @CurrentActor() actor: Actor | undefined,
    @DelegationChain() chain: readonly Actor[],
    @AccessToken() token: VerifiedAccessToken,
  ) {
    return { subject, actor, chain, same: token === currentAccessToken() };
  }
}

@Module({ controllers: [MessageController] })
class MessageModule {}

describe('AccessTokenGuard', () => {
  let issuer: TestIssuer;
  let app: INestApplication<Server>;

  beforeAll(async () => {
    issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [
        MessageModule,
        ResourceServerModule.forRoot({ issuers: [issuer], audience: 'message-service', global: true }),
      ],
    }).compile();
    app = await module.createNestApplication<INestApplication<Server>>().init();
  });
  afterAll(() => app.close());

  const get = async (path: string, claims?: Record<string, unknown>) => {
    const call = request(app.getHttpServer()).get(path);
    return claims ? call.auth(await issuer.token(claims), { type: 'bearer' }) : call;
  };

  it(
    requirement(
      'RFC6750-3.1-no-information',
      'a request without authentication information SHOULD NOT be answered with an error code',
    ),
    async () => {
      const response = await get('/message');
      expect(response.status).toBe(401);
      expect(response.headers['www-authenticate']).toBe('Bearer scope="message.read"');
      expect(response.body).toEqual({ statusCode: 401, message: 'Unauthorized' });
    },
  );

  it(requirement('RFC6750-3.1-invalid-token', 'invalid_token SHOULD be answered with 401'), async () => {
    const response = await get('/message', { aud: 'user-service' });
    const description = "Invalid audience claim. Expected 'message-service', got 'user-service'";
    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(
      `Bearer error="invalid_token", error_description="${description}"`,
    );
    expect(response.body).toEqual({ error: 'invalid_token', error_description: description });
  });

  it(requirement('RFC6750-3.1-insufficient-scope', 'insufficient_scope SHOULD be answered with 403'), async () => {
    const response = await get('/message', { aud: 'message-service', scope: 'user.read' });
    expect(response.status).toBe(403);
    expect(response.headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", error_description="The scope \'message.read\' is required", scope="message.read"',
    );
    expect(response.body).toEqual({
      error: 'insufficient_scope',
      error_description: "The scope 'message.read' is required",
      scope: 'message.read',
    });
  });

  it('lets a right token through and tells the handler who is asking', async () => {
    const act = { sub: 'message-service', act: { sub: 'user-service' } };
    const response = await get('/message', { aud: 'message-service', scope: 'message.read', sub: 'baeldung', act });
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      subject: 'baeldung',
      actor: { sub: 'message-service' },
      chain: [{ sub: 'message-service' }, { sub: 'user-service' }],
      same: true,
    });
  });

  it('lets a request without a token reach a public handler', async () => {
    const response = await get('/open');
    expect(response.status).toBe(200);
    expect(response.body).toEqual({ subject: null });
  });
});

@Controller()
class SlowController {
  @Get('slow')
  async slow(@CurrentSubject() subject: string) {
    await new Promise((resolve) => setTimeout(resolve, randomInt(5)));
    return { subject, current: currentAccessToken()?.subject };
  }
}

describe.each(['express', 'fastify'])('many users at once on %s', (platform) => {
  it('1,000 users, 50 at a time, with random delays: no request sees the token of another', async () => {
    const issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { cache: true })],
      controllers: [SlowController],
    }).compile();
    const app: INestApplication<Server> =
      platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    await app.listen(0, '127.0.0.1');
    const url = `${await app.getUrl()}/slow`;
    let next = 0;
    const user = async () => {
      while (next < 1000) {
        const sub = `user-${next++}`;
        const authorization = `Bearer ${await issuer.token({ sub })}`;
        const response = await fetch(url, { headers: { authorization } });
        expect(await response.json()).toEqual({ subject: sub, current: sub });
      }
    };
    await Promise.all(Array.from({ length: 50 }, user));
    await app.close();
  }, 30_000);
});

@Catch()
class CatchAllFilter implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const { errorCode } = exception as AccessRefused;
    host.switchToHttp().getResponse<Response>().status(418).json({ errorCode });
  }
}

describe('an exception filter of the application', () => {
  it('can tell refusals apart by errorCode, and cannot lose the challenge', async () => {
    const issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer)],
      controllers: [MessageController],
    }).compile();
    const app: INestApplication<Server> = module.createNestApplication();
    app.useGlobalFilters(new CatchAllFilter());
    await app.init();
    const get = async (claims?: Record<string, unknown>) => {
      const call = request(app.getHttpServer()).get('/message');
      const response = await (claims ? call.auth(await issuer.token(claims), { type: 'bearer' }) : call);
      return [response.status, (response.body as AccessRefused).errorCode, response.headers['www-authenticate']];
    };
    expect(await get()).toEqual([418, 'missing_token', 'Bearer scope="message.read"']);
    expect(await get({ sub: '' })).toEqual([418, 'invalid_token', expect.stringContaining('error="invalid_token"')]);
    expect(await get({})).toEqual([418, 'insufficient_scope', expect.stringContaining('scope="message.read"')]);
    await app.close();
  });
});

describe('a test of a whole application', () => {
  it('replaces its options, so that the tokens of a test issuer count', async () => {
    const issuer = await createTestIssuer();
    const imports = [ResourceServerModule.forRoot({ issuer: 'https://production.test', audience: 'production' })];
    const module = await Test.createTestingModule({ imports, controllers: [MessageController] })
      .overrideProvider(RESOURCE_SERVER_OPTIONS)
      .useValue({ issuers: [issuer], audience: issuer.audience, global: true })
      .compile();
    const app = await module.createNestApplication<INestApplication<Server>>().init();
    const token = await issuer.token({ scope: 'message.read' });
    await request(app.getHttpServer()).get('/message').auth(token, { type: 'bearer' }).expect(200);
    await request(app.getHttpServer()).get('/message').expect(401);
    await app.close();
  });
});
