import { GrantType, OAuthError, type Clock } from '@onbehalf/oauth-protocol';
import {
  authenticatedClient,
  formatTokenResponse,
  omittedOf,
  recordableList,
  type AuditSink,
  type ExchangePolicy,
  type TokenExchange,
} from '@onbehalf/token-exchange';
import { UNAUTHENTICATED } from '../audit/audit-event.js';
import { claimedTrace } from '../audit/claimed-trace.js';
import type { Grant, GrantRequest, RefusedRequest } from '../endpoint/grant.js';
import type { ClientAddress } from '../rate-limits/client-address.js';

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

  async handle({ clientId, form, proof, request }: GrantRequest): Promise<object> {
    const registration = this.#options.policy.client(clientId);
    if (!registration) {
      const refusal = new OAuthError('invalid_client', 'the client is not registered');
      await this.refused({ clientId, form, refusal });
      throw refusal;
    }
    const context = { proof, address: this.#options.addressOf(request), ...claimedTrace() };
    return formatTokenResponse(await this.#options.exchange.exchange(form, authenticatedClient(registration), context));
  }

  /** Records a request that does not reach the engine: a client that does not authenticate, a proof that is wrong. */
  async refused({ clientId, form, refusal }: RefusedRequest): Promise<void> {
    const { sink, clock } = this.#options;
    const targets = [...form.getAll('audience'), ...form.getAll('resource')].filter(Boolean);
    const omitted = omittedOf({ targets: { all: targets.length, recorded: recordableList(targets).length } });
    const event = {
      type: 'token_exchange' as const,
      outcome: refusal.status >= 500 ? ('failed' as const) : ('rejected' as const),
      time: clock(),
      // what an unauthenticated caller claims to be proves nothing
      clientId: clientId ?? UNAUTHENTICATED,
      targets: recordableList(targets),
      ...(omitted && { omitted }),
      rule: 'endpoint',
      error: refusal.code,
      reason: refusal.description,
      ...claimedTrace(),
    };
    // the refusal stands, recorded or not: nothing leaves by it
    await sink.record(event).catch(() => undefined);
  }
}
