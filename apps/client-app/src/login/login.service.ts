import { Injectable, Logger } from '@nestjs/common';
import type { SessionData } from 'express-session';
import {
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  tokenRevocation,
  type Configuration,
} from 'openid-client';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import { PageError } from '../pages/page-error.js';
import type { Login, PendingLogin } from '../session/session-data.js';
import { Settings } from '../settings.js';
import { explain } from './oauth-failure.js';
import type { StepUp } from './step-up.js';
import { toLogin } from './to-login.js';

export const CALLBACK_PATH = '/callback';
/** How the way back from the logout at the authorization server is told from a visit. */
export const SIGNED_OUT = 'signed-out';

const SCOPE = 'openid profile user.read';
/** Tabs in which a login may be under way at a time. */
const MAX_PENDING = 5;
const PENDING_FOR = 10 * 60 * 1000;

/** OpenID Connect login by authorization code with PKCE, and logout at the provider too. */
@Injectable()
export class LoginService {
  readonly #logger = new Logger('Login');

  constructor(
    private readonly server: AuthorizationServer,
    private readonly settings: Settings,
  ) {}

  /**
   * Where to send the browser to sign in. What must be known when it comes back is kept in the session.
   * @param stepUp what a service asks the user to prove anew. RFC 9470 §4
   */
  async begin(session: Partial<SessionData>, returnTo: string, stepUp?: StepUp): Promise<URL> {
    const configuration = await this.server.configuration();
    const [state, nonce, codeVerifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
    const others = Object.entries(session.pending ?? {}).slice(1 - MAX_PENDING);
    session.pending = {
      ...Object.fromEntries(others),
      [state]: { nonce, codeVerifier, returnTo, begunAt: Date.now(), stepUp },
    };
    return buildAuthorizationUrl(configuration, {
      redirect_uri: this.settings.publicUrl + CALLBACK_PATH,
      scope: SCOPE,
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(stepUp?.acrValues !== undefined && { acr_values: stepUp.acrValues }),
      ...(stepUp?.maxAge !== undefined && { max_age: String(stepUp.maxAge) }),
    });
  }

  /**
   * Takes the browser back from the authorization server: state, issuer (RFC 9207), PKCE, and the ID token with its
   * nonce and signature must be right.
   * @param query of the callback, as it came
   */
  async complete(session: Partial<SessionData>, query: string): Promise<{ login: Login; returnTo: string }> {
    const callback = new URL(`${this.settings.publicUrl}${CALLBACK_PATH}${query}`);
    const state = callback.searchParams.get('state') ?? '';
    const pending = takePending(session, state);
    const configuration = await this.server.configuration();
    const login = await this.#redeem(configuration, callback, state, pending);
    return { login: pending.stepUp ? { ...login, onTrial: true } : login, returnTo: pending.returnTo };
  }

  async #redeem(configuration: Configuration, callback: URL, state: string, pending: PendingLogin): Promise<Login> {
    try {
      const tokens = await authorizationCodeGrant(configuration, callback, {
        expectedState: state,
        expectedNonce: pending.nonce,
        pkceCodeVerifier: pending.codeVerifier,
        idTokenExpected: true,
        // OpenID Connect Core §3.1.3.7: auth_time, when max_age was asked for
        maxAge: pending.stepUp?.maxAge,
      });
      return toLogin(tokens);
    } catch (error) {
      if (error instanceof AuthorizationResponseError) throw refusedByServer(error);
      // keys or endpoints may have changed since they were read
      this.server.forget();
      throw new PageError(
        502,
        'Signing in did not work',
        'The answer of the authorization server was not as expected.',
        {
          cause: error,
        },
      );
    }
  }

  /**
   * Where to send the browser to end the session at the provider. OpenID Connect RP-Initiated Logout §2. The client names
   * itself by client_id; an id_token_hint would put a token into an address, and tell the provider nothing that its own
   * cookie does not.
   */
  async end(login: Login): Promise<URL | undefined> {
    try {
      const configuration = await this.server.configuration();
      await this.#revoke(configuration, login);
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(configuration, {
        post_logout_redirect_uri: `${this.settings.publicUrl}/`,
        state: SIGNED_OUT,
      });
    } catch (error) {
      // signed out here all the same
      this.#logger.warn(error);
      return undefined;
    }
  }

  // RFC 7009 §2: what the user signed out of must not be refreshed by anybody
  async #revoke(configuration: Configuration, { refreshToken }: Login): Promise<void> {
    if (refreshToken === undefined || configuration.serverMetadata().revocation_endpoint === undefined) return;
    await tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' }).catch((error: unknown) =>
      this.#logger.warn(error),
    );
  }
}

function takePending(session: Partial<SessionData>, state: string): PendingLogin {
  // own entries only: `__proto__` and its like are states that anybody can send
  const pending = new Map(Object.entries(session.pending ?? {}));
  const taken = pending.get(state);
  if (!taken || Date.now() - taken.begunAt > PENDING_FOR) {
    throw new PageError(400, 'Please sign in again', 'This sign-in has expired, or was already used.');
  }
  pending.delete(state);
  session.pending = Object.fromEntries(pending);
  return taken;
}

// RFC 6749 §4.1.2.1
function refusedByServer(error: AuthorizationResponseError): PageError {
  const cause = { cause: explain(error) };
  return error.error === 'access_denied'
    ? new PageError(403, 'You are not signed in', 'The sign-in was cancelled or refused.', cause)
    : new PageError(502, 'Signing in did not work', 'The authorization server refused the request.', cause);
}
