import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutionContext, INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { currentAccessToken, withAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { defer, firstValueFrom, of } from 'rxjs';
import { AccessTokenInterceptor } from './access-token.interceptor.js';
import { Authenticator } from '../authentication/authenticator.js';
import { ResourceServerModule, type GuardedRequest } from '../index.js';

class Handlers {
  handler() {
    return undefined;
  }
}

/** A call that nothing has opened a request context for, as an adapter or a transport of the application's own brings it. */
function callWith(request: GuardedRequest): ExecutionContext {
  const args = [request, {}];
  return {
    getType: () => 'http',
    getArgs: () => args,
    getArgByIndex: (index: number) => args[index],
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => args[1] }),
    getHandler: () => Object.getOwnPropertyDescriptor(Handlers.prototype, 'handler')!.value as unknown,
    getClass: () => Handlers,
  } as unknown as ExecutionContext;
}

describe('the interceptor', () => {
  let issuer: TestIssuer;
  let module: INestApplicationContext;
  beforeEach(async () => {
    issuer = await createTestIssuer();
    module = await Test.createTestingModule({ imports: [ResourceServerModule.forTesting(issuer)] }).compile();
  });
  afterEach(() => module.close());

  const verify = async (context: ExecutionContext) => {
    const authenticator = module.get(Authenticator);
    return authenticator.authenticate(authenticator.call(context)!);
  };
  /** Who the handler knows, when what it returns is subscribed to. */
  const subjectIn = async (context: ExecutionContext) => {
    const interceptor = module.get(AccessTokenInterceptor, { strict: false });
    const handle = () => defer(() => of(currentAccessToken()?.subject ?? 'nobody'));
    return firstValueFrom(await interceptor.intercept(context, { handle }));
  };
  const withToken = async (sub: string) =>
    callWith({ headers: { authorization: `Bearer ${await issuer.token({ sub })}` } });

  it('subscribes inside the context of the token, where nothing has opened one before', async () => {
    const context = await withToken('alice');
    await verify(context);
    expect(await subjectIn(context)).toBe('alice');
    expect(currentAccessToken()).toBeUndefined();
  });

  it('a call within another one is of its own token, and of nobody without one', async () => {
    const [alice, bob] = [await withToken('alice'), await withToken('bob')];
    const token = await verify(alice);
    await verify(bob);
    expect(await withAccessToken(token, () => subjectIn(bob))).toBe('bob');
    expect(await withAccessToken(token, () => subjectIn(callWith({ headers: {} })))).toBe('nobody');
  });
});
