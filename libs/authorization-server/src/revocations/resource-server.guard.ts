import { HttpException, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { OAuthErrorCode } from '@onbehalf/oauth-protocol';
import type { ExchangePolicy } from '@onbehalf/token-exchange';
import type { Request, Response } from 'express';
import { EXCHANGE_POLICY } from '../authorization-server.tokens.js';
import { LiveProvider } from '../provider/live-provider.js';
import { ClientLimits } from '../rate-limits/client-limits.js';
import { TOO_MANY_REQUESTS } from '../rate-limits/too-many-requests.js';
import { readBasic } from './client-credentials.js';

/** Lets resource servers in: clients that authenticate with their secret and represent an audience. */
@Injectable()
export class ResourceServerGuard implements CanActivate {
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
    const clientId = await this.#authenticate(request.headers.authorization);
    if (clientId === undefined) {
      this.limits.failed(request);
      http.getResponse<Response>().set('www-authenticate', 'Basic realm="revocations"');
      throw refusal(401, 'invalid_client', 'client authentication is required');
    }
    const registration = this.policy.client(clientId);
    if (registration?.enabled && registration.represents.length > 0) return true;
    throw refusal(403, 'unauthorized_client', 'the client represents no resource server');
  }

  async #authenticate(authorization: string | undefined): Promise<string | undefined> {
    const credentials = readBasic(authorization);
    if (!credentials) return undefined;
    const client = await this.provider.current.Client.find(credentials.clientId);
    const bySecret = client?.clientAuthMethod?.startsWith('client_secret_') ?? false;
    return client && bySecret && (await client.compareClientSecret(credentials.clientSecret))
      ? client.clientId
      : undefined;
  }
}

function refusal(status: number, error: OAuthErrorCode, description: string): HttpException {
  return new HttpException({ error, error_description: description }, status);
}
