import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { decodeJwt } from 'jose';
import { refreshTokenGrant, ResponseBodyError } from 'openid-client';
import { AuthorizationServerUnavailable } from '../authorization-server/authorization-server-unavailable.js';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import type { HeldToken, Login } from '../session/session-data.js';
import { reload, save } from '../session/sessions.js';
import { Settings } from '../settings.js';
import { LoginRequired } from './login-required.js';
import { explain } from './oauth-failure.js';
import { RefreshTurns } from './refresh-turns.js';
import { refreshed } from './to-login.js';

/** A token that expires within this time is refreshed before it is used. Milliseconds. */
const SKEW = 10_000;

/** What a token of a session is for: user-service, what the authorization server tells users about themselves, or to say who the user is. */
type Kind = 'service' | 'me' | 'identity';

/** The tokens of a session, refreshed when they have expired. */
@Injectable()
export class AccessTokens {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly settings: Settings,
    private readonly turns: RefreshTurns,
  ) {}

  /**
   * The token for user-service. One refresh at a time for a session, and never one with a token that was rotated already: the
   * server would take it for stolen and revoke all.
   * @throws LoginRequired when the user must sign in again
   * @throws AuthorizationServerUnavailable when the server does not answer
   */
  current(request: Request): Promise<string> {
    return this.#token(request, 'service');
  }

  /** The token for what the authorization server tells users about themselves; throws as {@link current} does. */
  forMe(request: Request): Promise<string> {
    return this.#token(request, 'me');
  }

  /** The ID token, for another domain; throws as {@link current} does. */
  identity(request: Request): Promise<string> {
    return this.#token(request, 'identity');
  }

  async #token(request: Request, kind: Kind): Promise<string> {
    const { login } = request.session;
    if (!login) throw new LoginRequired('Nobody is signed in');
    const held = heldBy(login, kind);
    if (held) return held;
    // a refresh, of this replica or of another, may have ended between the reading of this request's session and now
    const look = async (): Promise<string | undefined> => heldBy(await readLogin(request), kind);
    return this.turns.take(request.sessionID, look, () => this.#refresh(request, kind));
  }

  async #refresh(request: Request, kind: Kind): Promise<string> {
    const next = await this.#exchange(await readLogin(request), kind);
    // the user may have signed out meanwhile: then there is no session to write to
    await readLogin(request);
    request.session.login = next;
    await save(request);
    return tokenIn(next, kind);
  }

  async #exchange(login: Login, kind: Kind): Promise<Login> {
    if (login.refreshToken === undefined) throw new LoginRequired('The access token has expired');
    const configuration = await this.server.configuration();
    const me = await this.server.meEndpoint();
    // RFC 8707 §2.2: one token is for one resource
    const parameters: Record<string, string> =
      me === undefined ? {} : { resource: kind === 'me' ? me : this.settings.userServiceResource };
    try {
      const tokens = await refreshTokenGrant(configuration, login.refreshToken, parameters);
      const next = refreshed(login, tokens);
      return kind === 'me' ? { ...withTokenOf(login, next), me: tokenOf(next) } : next;
    } catch (error) {
      if (error instanceof ResponseBodyError && error.status < 500) {
        throw new LoginRequired('The access token has expired and was not refreshed', { cause: explain(error) });
      }
      throw new AuthorizationServerUnavailable({ cause: error });
    }
  }
}

function tokenOf({ accessToken, expiresAt }: Login): HeldToken {
  return { accessToken, ...(expiresAt !== undefined && { expiresAt }) };
}

/** A login with the refresh token of another, and its own token for user-service. */
function withTokenOf({ accessToken, expiresAt }: Login, next: Login): Login {
  return { ...next, accessToken, expiresAt };
}

async function readLogin(request: Request): Promise<Login> {
  const login = (await reload(request)) ? request.session.login : undefined;
  if (!login) throw new LoginRequired('The session has ended');
  return login;
}

function heldBy(login: Login, kind: Kind): string | undefined {
  if (kind === 'identity') return isFresh({ expiresAt: expiryOf(login.idToken) }) ? login.idToken : undefined;
  const held = kind === 'me' ? login.me : login;
  return held && isFresh(held) ? held.accessToken : undefined;
}

/** The token of a login that was refreshed just now, however soon it expires. */
function tokenIn(login: Login, kind: Kind): string {
  const token = { service: login.accessToken, me: login.me?.accessToken, identity: login.idToken }[kind];
  if (token === undefined) throw new LoginRequired('The authorization server has not given this token');
  return token;
}

/** Milliseconds since the epoch. */
function expiryOf(idToken: string | undefined): number | undefined {
  const seconds = idToken === undefined ? 0 : decodeJwt(idToken).exp;
  return seconds === undefined ? undefined : seconds * 1000;
}

function isFresh({ expiresAt }: Pick<HeldToken, 'expiresAt'>): boolean {
  return expiresAt === undefined || expiresAt - SKEW > Date.now();
}
