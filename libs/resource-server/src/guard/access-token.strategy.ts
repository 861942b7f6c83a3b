import { Injectable, type ExecutionContext, type OnModuleDestroy } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { setAccessToken, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import passport from 'passport';
import { AccessRefused } from '../refusals/access-refused.js';
import { Authenticator } from '../authentication/authenticator.js';
import { setHeaders, type GuardedRequest } from '../request/guarded-request.js';
import { PassportAttempt } from './passport-attempt.js';
import { MODULE } from '../module-name.js';
import { STRATEGY_NAME } from '../settings/resource-server.tokens.js';

/** Options that a guard passes along with a request. */
export interface AuthenticateOptions {
  /** Whose tokens are accepted; absent: of whichever resource server guards the route, or the only one in this process. */
  readonly authenticator?: Authenticator;
}

type Done = (error: unknown, token?: VerifiedAccessToken | null) => void;
type Verify = (request: GuardedRequest, options: AuthenticateOptions, done: Done) => void;

/** Passport's side: hands the request to a callback and the outcome back to passport. */
class RequestStrategy extends passport.Strategy {
  // passport runs the strategy on an object derived from it, which would not have a #private field
  private readonly verify: Verify;

  constructor(verify: Verify) {
    super();
    this.verify = verify;
  }

  override authenticate(request: GuardedRequest, options: AuthenticateOptions): void {
    this.verify(request, options, (error, token) => {
      if (error || !token) this.error(error);
      else this.success(token);
    });
  }
}

// Passport's strategies are one list per process, where the last of a name wins. Several applications in one process,
// as in tests, must not verify with each other's options.
const running = new Set<Authenticator>();

// Passport gives a strategy the request and nothing else; a challenge goes on the response.
const CONTEXT = Symbol('onbehalf:context');
interface Remembered {
  readonly context: ExecutionContext;
  readonly authenticator: Authenticator;
}
type Remembering = GuardedRequest & { [CONTEXT]?: Remembered };

/** Lets the strategy find the call that belongs to a request, where a guard runs that knows only passport. */
export function rememberContext(
  request: GuardedRequest,
  context: ExecutionContext,
  authenticator: Authenticator,
): void {
  (request as Remembering)[CONTEXT] = { context, authenticator };
}

/** The passport strategy `onbehalf`, so that `@UseGuards(AuthGuard('onbehalf'))` works too. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(RequestStrategy, STRATEGY_NAME) implements OnModuleDestroy {
  readonly #authenticator: Authenticator;

  constructor(authenticator: Authenticator) {
    super();
    this.#authenticator = authenticator;
    // an embedded server is never meant by the name alone
    if (!authenticator.owns) running.add(authenticator);
  }

  async validate(given: GuardedRequest | PassportAttempt, options: AuthenticateOptions): Promise<VerifiedAccessToken> {
    const remembered = given instanceof PassportAttempt ? undefined : (given as Remembering)[CONTEXT];
    // what an embedded server has for itself is known by its controllers
    const embedded = remembered?.authenticator.owns ? remembered.authenticator : undefined;
    const authenticator = options.authenticator ?? embedded ?? onlyRunning();
    if (given instanceof PassportAttempt) return authenticator.authenticate(given.call!);
    const context = remembered?.context;
    try {
      const token = await authenticator.authenticate(authenticator.adopt(given, context));
      setAccessToken(token);
      return token;
    } catch (error) {
      if (context && error instanceof AccessRefused) setHeaders(error.headers, context);
      throw error;
    }
  }

  onModuleDestroy(): void {
    running.delete(this.#authenticator);
  }
}

function onlyRunning(): Authenticator {
  const [only, another] = running;
  if (only && !another) return only;
  throw new Error(
    `${MODULE}: AuthGuard('${STRATEGY_NAME}') needs exactly one running application with ResourceServerModule in the process; use AccessTokenGuard`,
  );
}
