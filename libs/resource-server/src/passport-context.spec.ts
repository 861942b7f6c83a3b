import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Req,
  UseGuards,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { PassportModule } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer } from '@onbehalf/testing';
import type { Server } from 'node:http';
import request from 'supertest';
import { AccessTokenGuard, ResourceServerModule, type AuthenticatedRequest, type GuardedRequest } from './index.js';
import { PassportContext, PassportRequest } from './passport-context.js';

type Seen = AuthenticatedRequest & { user?: VerifiedAccessToken; caller?: VerifiedAccessToken };

@Controller()
@UseGuards(AccessTokenGuard)
class PlainController {
  @Get('message')
  message(@Req() { auth, user, caller }: Seen) {
    return { auth: auth.subject, user: user?.subject, caller: caller?.subject };
  }
}

/** What the hooks of a subclass were given while passport worked. */
const given = { contexts: [] as ExecutionContext[], requests: [] as GuardedRequest[], handlers: [] as string[] };

@Injectable()
class RecordingGuard extends AccessTokenGuard {
  override getRequest(context: ExecutionContext): GuardedRequest {
    const found = super.getRequest(context);
    given.contexts.push(context);
    given.requests.push(found);
    return found;
  }

  override handleRequest<T>(error: unknown, token: T, _info?: unknown, context?: ExecutionContext): T {
    given.handlers.push(`${context!.getClass().name}.${context!.getHandler().name} ${context!.getType()}`);
    given.handlers.push(String(context!.switchToHttp().getRequest<{ url: string }>().url));
    given.handlers.push(String(context!.getArgs().length), typeof context!.getArgByIndex(2));
    return super.handleRequest(error, token);
  }
}

@Controller()
@UseGuards(RecordingGuard)
class RecordedController {
  @Get('message')
  message(@Req() { auth, user }: Seen) {
    return { auth: auth.subject, user: user?.subject };
  }
}

/** As is done where the request of a context must be found in another way. */
@Injectable()
class FindingGuard extends AccessTokenGuard {
  override getRequest(context: ExecutionContext): GuardedRequest {
    return context.switchToHttp().getRequest();
  }
}

@Controller()
@UseGuards(FindingGuard)
class FoundController {
  @Get('message')
  message(@Req() { auth, user }: Seen) {
    return { auth: auth.subject, user: user?.subject };
  }
}

describe('AccessTokenGuard on passport', () => {
  let app: INestApplication<Server>;
  afterEach(() => app.close());

  /** The answer of the controller to a token, and to none. */
  const answers = async (
    controller: new () => object,
    imports: NonNullable<Parameters<typeof Module>[0]['imports']> = [],
  ) => {
    @Module({ controllers: [controller], imports })
    class MessageModule {}
    const issuer = await createTestIssuer();
    const guard = ResourceServerModule.forTesting(issuer, { global: false });
    const module = await Test.createTestingModule({ imports: [MessageModule, guard] }).compile();
    app = await module.createNestApplication<INestApplication<Server>>().init();
    const get = () => request(app.getHttpServer()).get('/message');
    const answer = await get().auth(await issuer.token({ sub: 'baeldung' }), { type: 'bearer' });
    return [answer.body as unknown, (await get()).status];
  };

  it('sets request.user beside request.auth', async () => {
    expect(await answers(PlainController)).toEqual([{ auth: 'baeldung', user: 'baeldung' }, 401]);
  });

  it('sets the property that PassportModule names', async () => {
    const passport = PassportModule.register({ property: 'caller' });
    expect(await answers(PlainController, [passport])).toEqual([{ auth: 'baeldung', caller: 'baeldung' }, 401]);
  });

  it('has the hooks of a subclass see the context of the route', async () => {
    given.handlers.length = 0;
    expect(await answers(RecordedController)).toEqual([{ auth: 'baeldung', user: 'baeldung' }, 401]);
    const handler = ['RecordedController.message http', '/message', '3', 'function'];
    expect(given.handlers).toEqual([...handler, ...handler]);
  });

  it('lets a subclass find the request', async () => {
    expect(await answers(FoundController)).toEqual([{ auth: 'baeldung', user: 'baeldung' }, 401]);
  });

  it('leaves passport nothing that reaches the request, whether it was refused or not', async () => {
    given.contexts.length = given.requests.length = 0;
    await answers(RecordedController);
    const lent = given.contexts.filter((context) => context instanceof PassportContext);
    const stand = given.requests.filter((found) => found instanceof PassportRequest);
    expect([lent.length, stand.length]).toEqual([2, 2]);
    expect(stand.map(({ target }) => target)).toEqual([undefined, undefined]);
    for (const context of lent) expect(() => context.switchToHttp()).toThrow('used after it has answered');
  });
});
