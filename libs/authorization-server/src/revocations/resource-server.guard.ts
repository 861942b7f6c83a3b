import { HttpException, Inject, Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { OAuthErrorCode } from '@onbehalf/oauth-protocol';
import type { ExchangePolicy } from '@onbehalf/token-exchange';
import type { Request, Response } from 'express';
import { errors, type Client } from 'oidc-provider';
import { EXCHANGE_POLICY } from '../ports/injection-tokens.js';
import { authenticateClient } from '../provider/clients/authenticate-client.js';
import { LiveProvider } from '../provider/live-provider.js';
import { ClientLimits } from '../rate-limits/client-limits.js';
import { TOO_MANY_REQUESTS } from '../rate-limits/too-many-requests.js';

/** Lets resource servers in: clients that authenticate as at the token endpoint and represent an audience. */
@Injectable()
export class ResourceServerGuard implements CanActivate {
  readonly #log = new Logger('AuthorizationServer');

  constructor(
    @Inject(LiveProvider) private readonly provider: LiveProvider,
    @Inject(EXCHANGE_POLICY) private readonly policy: ExchangePolicy,
    @Inject(ClientLimits) private readonly limits: ClientLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    const wait = this.limits.begin(request);
    if (wait !== undefined) {
      http.getResponse<Response>().set('retry-after', String(wait));
      throw new HttpException(TOO_MANY_REQUESTS, 429);
    }
    const client = await this.#authenticate(request, http.getResponse<Response>());
    if (!client) {
      this.limits.failed(request);
      http.getResponse<Response>().set('www-authenticate', 'Basic realm="revocations"');
      throw refusal(401, 'invalid_client', 'client authentication is required');
    }
    const registration = this.policy.client(client.clientId);
    if (registration?.enabled && registration.represents.length > 0) return true;
    throw refusal(403, 'unauthorized_client', 'the client represents no resource server');
  }

  async #authenticate(request: Request, response: Response): Promise<Client | undefined> {
    const form = request.method === 'POST' ? ((request.body ?? {}) as Record<string, unknown>) : {};
    try {
      return await authenticateClient(this.provider.current, request, response, form);
    } catch (error) {
      if (!(error instanceof errors.OIDCProviderError) || error.status >= 500) throw error;
      this.#log.warn({ event: 'revocations.error', code: error.error, reason: error.error_detail ?? error.message });
      return undefined;
    }
  }
}

function refusal(status: number, error: OAuthErrorCode, description: string): HttpException {
  return new HttpException({ error, error_description: description }, status);
}
