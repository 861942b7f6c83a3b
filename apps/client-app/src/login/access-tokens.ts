import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { refreshTokenGrant, ResponseBodyError } from 'openid-client';
import { AuthorizationServerUnavailable } from '../authorization-server/authorization-server-unavailable.js';
import { AuthorizationServer } from '../authorization-server/authorization-server.js';
import type { Login } from '../session/session-data.js';
import { reload, save } from '../session/sessions.js';
import { LoginRequired } from './login-required.js';
import { explain } from './oauth-failure.js';
import { refreshed } from './to-login.js';

/** A token that expires within this time is refreshed before it is used. Milliseconds. */
const SKEW = 10_000;

/** The access token of a session, refreshed when it has expired. */
@Injectable()
export class AccessTokens {
  readonly #flights = new Map<string, Promise<string>>();

  constructor(private readonly server: AuthorizationServer) {}

  /**
   * One refresh at a time for a session, and never one with a token that was rotated already: the server would take it
   * for stolen and revoke all.
   * @throws LoginRequired when the user must sign in again
   * @throws AuthorizationServerUnavailable when the server does not answer
   */
  async current(request: Request): Promise<string> {
    const { login } = request.session;
    if (!login) throw new LoginRequired('Nobody is signed in');
    if (isFresh(login)) return login.accessToken;
    const id = request.sessionID;
    const flight = this.#flights.get(id) ?? this.#refresh(request).finally(() => this.#flights.delete(id));
    this.#flights.set(id, flight);
    return flight;
  }

  async #refresh(request: Request): Promise<string> {
    // a refresh may have ended between the reading of this request's session and now
    const login = await readLogin(request);
    if (isFresh(login)) return login.accessToken;
    const next = await this.#exchange(login);
    // the user may have signed out meanwhile: then there is no session to write to
    await readLogin(request);
    request.session.login = next;
    await save(request);
    return next.accessToken;
  }

  async #exchange(login: Login): Promise<Login> {
    if (login.refreshToken === undefined) throw new LoginRequired('The access token has expired');
    const configuration = await this.server.configuration();
    try {
      return refreshed(login, await refreshTokenGrant(configuration, login.refreshToken));
    } catch (error) {
      if (error instanceof ResponseBodyError && error.status < 500) {
        throw new LoginRequired('The access token has expired and was not refreshed', { cause: explain(error) });
      }
      throw new AuthorizationServerUnavailable({ cause: error });
    }
  }
}

async function readLogin(request: Request): Promise<Login> {
  const login = (await reload(request)) ? request.session.login : undefined;
  if (!login) throw new LoginRequired('The session has ended');
  return login;
}

function isFresh({ expiresAt }: Login): boolean {
  return expiresAt === undefined || expiresAt - SKEW > Date.now();
}
