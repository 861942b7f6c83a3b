/* eslint-disable @typescript-eslint/no-unsafe-argument -- the examples hand over Nest's untyped server as their readers do */
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { currentAccessToken, verifyAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer } from '@onbehalf/testing';
import { compareReadme } from '@onbehalf/testing-internal';
// #region app
import { Controller, Get, Module } from '@nestjs/common';
import { CurrentActor, CurrentSubject, Public, ResourceServerModule, Scopes } from '@onbehalf/resource-server';

@Controller()
export class MessageController {
  @Get('message')
  @Scopes('message.read')
  message(@CurrentSubject() subject: string, @CurrentActor() actor?: { sub: string }) {
    return { message: `Hello ${subject}`, askedBy: actor?.sub ?? subject };
  }

  @Get('version')
  @Public()
  version() {
    return { version: 1 };
  }
}

@Module({
  imports: [
    ResourceServerModule.forRootAsync({
      useFactory: () => ({
        issuer: process.env['ISSUER'],
        audience: 'message-service',
        global: true,
      }),
    }),
  ],
  controllers: [MessageController],
})
export class AppModule {}
// #endregion

// #region test
import { Test } from '@nestjs/testing';
import request from 'supertest';

const aMessageIsForItsSubject = async () => {
  const issuer = await createTestIssuer();
  const imports = [ResourceServerModule.forTesting(issuer)];
  const module = await Test.createTestingModule({ imports, controllers: [MessageController] }).compile();
  const app = await module.createNestApplication().init();
  const token = await issuer.token({ sub: 'baeldung', scope: 'message.read' });
  await request(app.getHttpServer())
    .get('/message')
    .auth(token, { type: 'bearer' })
    .expect(200, /baeldung/);
  await app.close();
};
// #endregion

// #region queue
import { withAccessToken, type VerifiedAccessToken } from '@onbehalf/resource-server';

interface Job {
  readonly token: VerifiedAccessToken;
  readonly work: () => Promise<void>;
}

const runAll = async (queue: Iterable<Job>) => {
  for (const { token, work } of queue) await withAccessToken(token, work);
};
// #endregion

// #region agents
import { Post, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, Actors, DelegationChain, NoAgents } from '@onbehalf/resource-server';

@Controller('account')
@UseGuards(AccessTokenGuard)
class AccountController {
  @Get()
  @Scopes('account.read')
  read(@CurrentSubject() user: string, @DelegationChain() chain: readonly { sub: string }[]) {
    return { user, by: chain.map(({ sub }) => sub) };
  }

  @Post('password')
  @NoAgents()
  changePassword() {
    return 'changed';
  }

  @Get('for-agents')
  @Actors({ profile: 'ai_agent' })
  forAgents() {
    return 'short and structured';
  }
}
// #endregion

// #region openapi
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describeSecurity } from '@onbehalf/resource-server';

const serveDocumentation = (app: INestApplication, authorizationServer: string) => {
  const config = new DocumentBuilder().setTitle('message-service').build();
  const create = () => SwaggerModule.createDocument(app, config);
  SwaggerModule.setup('docs', app, () =>
    describeSecurity(app, create, {
      name: 'oauth2',
      authorizationUrl: `${authorizationServer}/oauth2/authorize`,
      tokenUrl: `${authorizationServer}/oauth2/token`,
    }),
  );
};
// #endregion

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('a message is for its subject', aMessageIsForItsSubject);

describe('the app of the README', () => {
  let app: INestApplication;
  let issuer: Awaited<ReturnType<typeof served>>;
  const served = () => createTestIssuer({ http: true, audience: 'message-service' });
  beforeAll(async () => {
    issuer = await served();
    process.env['ISSUER'] = issuer.issuer;
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = await module.createNestApplication().init();
  });
  afterAll(async () => {
    delete process.env['ISSUER'];
    await Promise.all([app.close(), issuer.close()]);
  });
  const get = (path: string) => request(app.getHttpServer() as never).get(path);

  it('answers the subject and who acts for it', async () => {
    const token = await issuer.token({ sub: 'baeldung', scope: 'message.read', act: { sub: 'user-service' } });
    const answer = await get('/message').auth(token, { type: 'bearer' }).expect(200);
    expect(answer.body).toEqual({ message: 'Hello baeldung', askedBy: 'user-service' });
    await get('/version').expect(200, { version: 1 });
  });

  it('refuses with the challenges that the README shows', async () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const without = await get('/message').expect(401);
    const foreign = await get('/message')
      .auth(await issuer.token({ aud: 'user-service' }), { type: 'bearer' })
      .expect(401);
    expect(readme).toContain(`WWW-Authenticate: ${without.headers['www-authenticate']}`);
    expect(foreign.headers['www-authenticate']).toContain(
      `Bearer error="invalid_token", error_description="Invalid audience claim. Expected 'message-service', got 'user-service'"`,
    );
  });
});

it('each job runs with its own token', async () => {
  const issuer = await createTestIssuer();
  const seen: (string | undefined)[] = [];
  const job = async (sub: string): Promise<Job> => ({
    token: await verifyAccessToken(await issuer.token({ sub }), { issuers: [issuer], audiences: [issuer.audience] }),
    work: () => {
      seen.push(currentAccessToken()?.subject);
      return Promise.resolve();
    },
  });
  await runAll([await job('first'), await job('second')]);
  expect([seen, currentAccessToken()]).toEqual([['first', 'second'], undefined]);
});

it('agents read, and people change the password', async () => {
  const issuer = await createTestIssuer();
  const imports = [ResourceServerModule.forTesting(issuer)];
  const module = await Test.createTestingModule({ imports, controllers: [AccountController] }).compile();
  const app = await module.createNestApplication().init();
  const act = { sub: 'user-service', act: { sub: 'assistant', sub_profile: 'ai_agent' } };
  const claims = { sub: 'baeldung', scope: 'account.read', ai_agent_involved: true };
  const ask = async (method: 'get' | 'post', path: string, more: object) =>
    request(app.getHttpServer())
      [method](path)
      .auth(await issuer.token({ ...claims, ...more }), { type: 'bearer' });
  expect((await ask('get', '/account', { act })).body).toEqual({ user: 'baeldung', by: ['user-service', 'assistant'] });
  const statuses = [
    await ask('post', '/account/password', { act }),
    await ask('post', '/account/password', { ai_agent_involved: undefined }),
    await ask('get', '/account/for-agents', { act }),
    await ask('get', '/account/for-agents', { ai_agent_involved: undefined }),
  ];
  expect(statuses.map(({ status }) => status)).toEqual([403, 201, 200, 403]);
  await app.close();
});

it('the documentation tells the scopes', async () => {
  const imports = [ResourceServerModule.forTesting(await createTestIssuer())];
  const module = await Test.createTestingModule({ imports, controllers: [MessageController] }).compile();
  const app = module.createNestApplication();
  serveDocumentation(app, 'https://login.example.com');
  await app.init();
  const { body } = (await request(app.getHttpServer()).get('/docs-json').expect(200)) as {
    body: { paths: Record<string, { get: { security?: unknown } }> };
  };
  expect(body.paths['/message']?.get.security).toEqual([{ oauth2: ['message.read'] }]);
  expect(body.paths['/version']?.get).not.toHaveProperty('security');
  await app.close();
});
