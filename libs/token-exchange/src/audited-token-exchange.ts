import type { Clock } from '@onbehalf/oauth-protocol';
import { auditEvent, type AuditedRequest } from './audit/audit-event.js';
import type { AuditSink } from './audit/audit-sink.js';
import type { Explanation } from './audit/explanation.js';
import type { Progress } from './audit/progress.js';
import type { IssuedToken } from './issuers/issued-token.js';
import { answerFor } from './refusal/error-profile.js';
import { ExchangeRefusal, toRefusal } from './refusal/exchange-refusal.js';
import type { AuthenticatedClient } from './request/authenticated-client.js';
import type { ExchangeContext } from './request/exchange-request.js';
import type { TokenExchange } from './token-exchange.js';

export interface AuditedTokenExchangeOptions {
  readonly exchange: TokenExchange;
  readonly sink: AuditSink;
  readonly clock: Clock;
}

/** A token exchange of which every request leaves exactly one record. */
export class AuditedTokenExchange {
  readonly #exchange: TokenExchange;
  readonly #sink: AuditSink;
  readonly #clock: Clock;

  constructor({ exchange, sink, clock }: AuditedTokenExchangeOptions) {
    this.#exchange = exchange;
    this.#sink = sink;
    this.#clock = clock;
  }

  /**
   * Exchanges a token and records it. A token whose record cannot be written does not leave, nor does one whose origin was
   * revoked while it was being made.
   * @throws ExchangeRefusal for every request that is not granted, and nothing else
   */
  async exchange(
    form: URLSearchParams,
    client: AuthenticatedClient,
    context: ExchangeContext = {},
  ): Promise<IssuedToken> {
    let reached: Progress = {};
    const outcome = await this.#exchange
      .exchange(form, client, context, (progress) => (reached = { ...reached, ...progress }))
      .catch((error: unknown) => toRefusal('exchange', error));
    const request = { time: this.#clock(), clientId: client.clientId, context, reached };
    if (outcome instanceof ExchangeRefusal) throw await this.#refuse(request, outcome);
    if (await this.#recordIssued(request, outcome)) return outcome;
    throw await this.#refuse(request, answerFor(client, revokedMeanwhile()));
  }

  /** As {@link TokenExchange.explain}. Nothing is exchanged, so nothing is recorded. */
  explain(form: URLSearchParams, client: AuthenticatedClient, context: ExchangeContext = {}): Promise<Explanation> {
    return this.#exchange.explain(form, client, context);
  }

  async #recordIssued(request: AuditedRequest, issued: IssuedToken): Promise<boolean> {
    try {
      return await this.#sink.recordIssued(auditEvent(request, issued), issued);
    } catch (cause) {
      const reason = 'the audit record cannot be written';
      throw new ExchangeRefusal('audit', 'server_error', 'The request could not be processed', { reason, cause });
    }
  }

  async #refuse(request: AuditedRequest, refusal: ExchangeRefusal): Promise<ExchangeRefusal> {
    try {
      await this.#sink.record(auditEvent(request, refusal));
    } catch {
      // a refusal stands, recorded or not: nothing leaves by it
    }
    return refusal;
  }
}

function revokedMeanwhile(): ExchangeRefusal {
  return new ExchangeRefusal('subject-state', 'invalid_request', 'subject_token is not acceptable', {
    reason: 'revoked meanwhile',
  });
}
