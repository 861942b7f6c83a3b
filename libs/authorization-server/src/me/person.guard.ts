import { HttpException, Inject, Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { formatChallenge } from '@onbehalf/oauth-protocol';
import { entitledScopes, type ExchangePolicy } from '@onbehalf/token-exchange';
import type { Request, Response } from 'express';
import { Accounts } from '../accounts/accounts.js';
import { ME_AUDIENCE } from '../configuration/own/me-audience.js';
import { EXCHANGE_POLICY, ISSUED_TOKENS } from '../ports/injection-tokens.js';
import type { IssuedTokens } from '@onbehalf/authorization-ports';
import { PersonLimits } from '../rate-limits/person-limits.js';
import { TOO_MANY_REQUESTS } from '../rate-limits/too-many-requests.js';
import { setPerson, type Person } from './person.js';
import { TrustedClients } from './trusted-clients.js';

/**
 * Lets people in, after the guard of the server's own endpoints: with a token that comes straight from a login, of an account that
 * leads the life that it was issued for. Whoever acts for somebody is not that person.
 */
@Injectable()
export class PersonGuard implements CanActivate {
  readonly #log = new Logger('AuthorizationServer');

  constructor(
    @Inject(ISSUED_TOKENS) private readonly tokens: IssuedTokens,
    @Inject(EXCHANGE_POLICY) private readonly policy: ExchangePolicy,
    private readonly accounts: Accounts,
    private readonly clients: TrustedClients,
    private readonly limits: PersonLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    response.set('cache-control', 'no-store');
    const token = request.auth;
    if (!token) throw new TypeError('The guard of the own endpoints must come first');
    const wait = this.limits.begin(token.subject);
    if (wait !== undefined) {
      response.set('retry-after', String(wait));
      throw new HttpException(TOO_MANY_REQUESTS, 429);
    }
    const person = await this.#personOf(token);
    if (typeof person === 'string') throw this.#refuse(request, response, person);
    setPerson(request, person);
    return true;
  }

  /** @returns why it is nobody */
  async #personOf(token: VerifiedAccessToken): Promise<Person | string> {
    const { subject, clientId, jwtId, audiences, actors, claims, scopes } = token;
    if (audiences.length !== 1 || audiences[0] !== ME_AUDIENCE) return 'is for another audience';
    if (actors.length > 0 || claims['act'] !== undefined) return 'is of somebody who acts for the subject';
    const issued = await this.tokens.find(jwtId);
    if (!issued || issued.revoked) return 'is not, or no longer, on record';
    const { grantId, sessionId, subjectLife: life, parentJti } = issued;
    if (grantId === undefined || parentJti !== undefined || life === undefined) return 'does not come from a login';
    await this.accounts.refresh(subject);
    const account = this.accounts.active(subject);
    if (account?.life !== life) return 'is of a former life of the account, or of none';
    if (!this.clients.has(clientId)) return 'is of a client that the file does not trust with it';
    const resource = this.policy.resource(ME_AUDIENCE);
    if (!resource || entitledScopes(scopes, resource, { account }).length < scopes.length)
      return 'holds more than the account is entitled to';
    return { subject, life, grantId, sessionId, token };
  }

  /** RFC 6750 §3.1: the client may ask for another token, by a login. */
  #refuse({ headers, auth }: Request, response: Response, reason: string): HttpException {
    this.#log.warn({ event: 'me.token_refused', clientId: auth?.clientId, reason });
    const scheme = /^dpop /i.test(headers.authorization ?? '') ? 'DPoP' : 'Bearer';
    const body = { error: 'invalid_token', error_description: 'The access token must come from a login of the person' };
    response.set('www-authenticate', formatChallenge(scheme, body));
    return new HttpException(body, 401);
  }
}
