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
import { PassportModule, type IAuthGuard } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer } from '@onbehalf/testing';
import type { Server } from 'node:http';
import passport from 'passport';
import request from 'supertest';
import { AccessTokenGuard, ResourceServerModule, type AuthenticatedRequest, type GuardedRequest } from '../index.js';
import { PassportInquiry, type PassportAttempt } from './passport-attempt.js';
import { STRATEGY_NAME } from '../settings/resource-server.tokens.js';

type Seen = AuthenticatedRequest & { user?: VerifiedAccessToken; caller?: VerifiedAccessToken };

@Controller()
@UseGuards(AccessTokenGuard)
class PlainController {
  @Get('message')
  message(@Req() { auth, user, caller }: Seen) {
    return { auth: auth.subject, user: user?.subject, caller: caller?.subject };
  }
}

/** What the hooks of a subclass were given. */
const given: unknown[] = [];

@Injectable()
class RecordingGuard extends AccessTokenGuard {
  override handleRequest<T>(error: unknown, token: T, _info?: unknown, context?: ExecutionContext): T {
    const { url } = context!.switchToHttp().getRequest<{ url: string }>();
    given.push(`${context!.getClass().name}.${context!.getHandler().name} ${url}`);
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
    given.length = 0;
    expect(await answers(RecordedController)).toEqual([{ auth: 'baeldung', user: 'baeldung' }, 401]);
    expect(given).toEqual(['RecordedController.message /message', 'RecordedController.message /message']);
  });

  it('lets a subclass find the request', async () => {
    expect(await answers(FoundController)).toEqual([{ auth: 'baeldung', user: 'baeldung' }, 401]);
  });
});

describe('PassportInquiry', () => {
  afterEach(() => void passport.unuse(STRATEGY_NAME));

  /** Passport's strategy for a while: sees what takes the place of the request, and answers. */
  const answering = (answer: (strategy: passport.StrategyCreatedStatic) => void) => {
    const attempts: PassportAttempt[] = [];
    const during: unknown[] = [];
    class Answering extends passport.Strategy {
      override authenticate(this: passport.StrategyCreated<this>, attempt: object): void {
        attempts.push(attempt as PassportAttempt);
        during.push((attempt as PassportAttempt).call?.request);
        answer(this);
      }
    }
    passport.use(STRATEGY_NAME, new Answering());
    return { attempts, during };
  };
  const emptied = { context: undefined, call: undefined, outcome: undefined };
  const context = {} as ExecutionContext;
  const hooks = {
    getAuthenticateOptions: () => undefined,
    handleRequest: (error: unknown, user: unknown) => {
      if (error instanceof Error) throw error;
      return user;
    },
  } as unknown as IAuthGuard;

  it('leaves passport nothing that reaches request or token', async () => {
    const { attempts, during } = answering((strategy) => strategy.success({ name: 'baeldung' }));
    const asked = { headers: {} };
    expect(await new PassportInquiry(hooks, undefined).ask(context, { request: asked, owner: asked })).toEqual({
      name: 'baeldung',
    });
    expect(during).toEqual([asked]);
    expect(attempts).toEqual([expect.objectContaining(emptied)]);
  });

  it('leaves it nothing after a refusal either', async () => {
    const refusal = new Error('refused');
    const { attempts } = answering((strategy) => strategy.error(refusal));
    const asked = { request: { headers: {} }, owner: {} };
    await expect(new PassportInquiry(hooks, undefined).ask(context, asked)).rejects.toBe(refusal);
    expect(attempts).toEqual([expect.objectContaining(emptied)]);
  });
});
