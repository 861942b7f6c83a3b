import { GrantType, OAuthError, type Clock } from '@onbehalf/oauth-protocol';
import {
  authenticatedClient,
  formatTokenResponse,
  type AuditSink,
  type AuthenticatedClient,
  type ExchangePolicy,
  type TokenExchange,
} from '@onbehalf/token-exchange';
import { claimedTrace } from '../audit/claimed-trace.js';
import type { Grant, GrantRequest, RefusedRequest } from '../endpoint/grant.js';
import type { ClientAddress } from '../rate-limits/client-address.js';
import { recordRefused } from './record-refused.js';

export interface TokenExchangeGrantOptions {
  readonly policy: ExchangePolicy;
  /** Records what it decides. */
  readonly exchange: Pick<TokenExchange, 'exchange' | 'parameters'>;
  /** Records what never reaches it. */
  readonly sink: AuditSink;
  readonly clock: Clock;
  readonly addressOf: ClientAddress;
}

/** The grant of RFC 8693 at the token endpoint: hands the authenticated request to the engine. */
export class TokenExchangeGrant implements Grant {
  readonly grantType = GrantType.TokenExchange;
  readonly parameters: readonly string[];
  readonly repeatable = ['audience', 'resource'];
  readonly #options: TokenExchangeGrantOptions;

  constructor(options: TokenExchangeGrantOptions) {
    this.#options = options;
    this.parameters = options.exchange.parameters;
  }

  async handle(request: GrantRequest): Promise<object> {
    const client = await registeredClient(request, this.#options);
    const address = this.#options.addressOf(request.request);
    const { proof, workload } = request;
    const context = { proof, address, workload, ...claimedTrace() };
    return formatTokenResponse(await this.#options.exchange.exchange(request.form, client, context));
  }

  refused(request: RefusedRequest): Promise<void> {
    return recordRefused(request, this.#options);
  }
}

/**
 * The registration of the client that has authenticated.
 * @throws OAuthError `invalid_client` when it has gone meanwhile
 */
export async function registeredClient(
  { clientId, workload, form }: GrantRequest,
  options: Pick<TokenExchangeGrantOptions, 'policy' | 'sink' | 'clock'>,
): Promise<AuthenticatedClient> {
  const registration = options.policy.client(clientId);
  if (registration) return authenticatedClient(registration);
  const refusal = new OAuthError('invalid_client', 'the client is not registered');
  await recordRefused({ clientId, workload, form, refusal }, options);
  throw refusal;
}
