import { Injectable, SetMetadata, type CanActivate, type CustomDecorator, type ExecutionContext } from '@nestjs/common';
import { HttpException, Inject } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  TokenRejection,
  verifyAccessToken,
  type TrustedIssuer,
  type VerifiedAccessToken,
} from '@onbehalf/jwt-verification';
import { formatChallenge, type BearerErrorCode } from '@onbehalf/oauth-protocol';
import type { Request, Response } from 'express';
import { ADMIN_AUDIENCE } from '../configuration/admin-audience.js';
import type { IssuedTokens } from '../ports/issued-tokens.js';
import { ISSUED_TOKENS, OWN_ISSUER } from '../ports/injection-tokens.js';

const OPERATOR_SCOPE = Symbol('operator scope');

/** The scope that an operator's token must hold for this endpoint. */
export const OperatorScope = (scope: string): CustomDecorator<symbol> => SetMetadata(OPERATOR_SCOPE, scope);

/** A request that the guard has let in. */
export interface OperatorRequest extends Request {
  operator: VerifiedAccessToken;
}

/** Lets operators in: an access token of this server, for its own audience, with the endpoint's scope. RFC 6750 §3. */
@Injectable()
export class OperatorGuard implements CanActivate {
  constructor(
    @Inject(OWN_ISSUER) private readonly own: TrustedIssuer,
    @Inject(ISSUED_TOKENS) private readonly tokens: IssuedTokens,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const response = http.getResponse<Response>();
    const [, credentials] = /^Bearer +(\S+)$/i.exec(http.getRequest<Request>().headers.authorization ?? '') ?? [];
    if (credentials === undefined) throw refusal(response, 401);
    const token = await this.#verify(credentials, response);
    const scope = this.reflector.get<string | undefined>(OPERATOR_SCOPE, context.getHandler());
    if (scope !== undefined && token.scopes.includes(scope)) {
      http.getRequest<OperatorRequest>().operator = token;
      return true;
    }
    throw refusal(response, 403, 'insufficient_scope', 'The token does not hold the scope of this endpoint', scope);
  }

  async #verify(credentials: string, response: Response): Promise<VerifiedAccessToken> {
    try {
      const token = await verifyAccessToken(credentials, { issuers: [this.own], audiences: [ADMIN_AUDIENCE] });
      if (!(await this.tokens.standing(token.jwtId)).revoked) return token;
      throw new TokenRejection('claim', 'The token was revoked');
    } catch (error) {
      if (error instanceof TokenRejection) throw refusal(response, 401, 'invalid_token', error.message);
      throw error;
    }
  }
}

function refusal(
  response: Response,
  status: number,
  error?: BearerErrorCode,
  description?: string,
  scope?: string,
): HttpException {
  response.set('www-authenticate', formatChallenge('Bearer', { error, error_description: description, scope }));
  return new HttpException(
    { error: error ?? 'unauthorized', error_description: description ?? 'A token is required' },
    status,
  );
}
