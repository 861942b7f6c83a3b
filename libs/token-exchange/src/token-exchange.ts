import { GrantType, type Clock } from '@onbehalf/oauth-protocol';
import { auditEvent, type AuditedRequest, type ExchangeAuditEvent } from './audit/audit-event.js';
import type { AuditMember } from './audit/audit-member.js';
import type { AuditSink } from './audit/audit-sink.js';
import { checkAuditMembers } from './audit/check-audit-members.js';
import type { Explanation } from './audit/explanation.js';
import type { Progress } from './audit/progress.js';
import { ExchangePipeline, type MadeToken } from './exchange-pipeline.js';
import type { IssuedToken } from './issuers/issued-token.js';
import type { PipelineOptions } from './pipeline-options.js';
import type { ClientRegistration } from './policy/policy.js';
import { answerFor } from './refusal/error-profile.js';
import { ExchangeRefusal, toRefusal } from './refusal/exchange-refusal.js';
import type { AuthenticatedClient } from './request/authenticated-client.js';
import type { ExchangeContext, ExplainContext } from './request/exchange-request.js';

/** What a token exchange is made of, and where it is recorded. */
export interface TokenExchangeOptions extends PipelineOptions {
  readonly sink: AuditSink;
  /** What records hold beside what they always hold. Default nothing. */
  readonly auditMembers?: readonly AuditMember[];
}

/** Token exchange as RFC 8693 §2 defines it, of which every request leaves exactly one record. */
export class TokenExchange {
  readonly #pipeline: ExchangePipeline;
  readonly #sink: AuditSink;
  readonly #members: readonly AuditMember[];
  readonly #clock: Clock;

  /** @throws ConfigurationError when two verifiers or two issuers claim one token type, or two rules, parameters or members one name */
  constructor({ sink, auditMembers = [], ...options }: TokenExchangeOptions) {
    checkAuditMembers(auditMembers);
    this.#pipeline = new ExchangePipeline(options);
    this.#sink = sink;
    this.#members = auditMembers;
    this.#clock = options.clock;
  }

  /** Token types that are accepted as `subject_token_type` and `actor_token_type`. */
  get presentableTypes(): readonly string[] {
    return this.presentableBy(GrantType.TokenExchange);
  }

  /** Token types that are accepted by a grant. */
  presentableBy(grantType: string): readonly string[] {
    return this.#pipeline.presentableTypes(grantType);
  }

  /** Token types that are accepted as `requested_token_type`. */
  get requestableTypes(): readonly string[] {
    return this.#pipeline.requestableTypes;
  }

  /** Every parameter of the request that is read: those of RFC 8693 §2.1 and those that are declared. */
  get parameters(): readonly string[] {
    return this.#pipeline.parameters;
  }

  /**
   * Exchanges a token and records it. A token whose record cannot be written does not leave, nor does one whose origin was
   * revoked while it was being made.
   * @param form the parameters of the request, decoded
   * @throws ExchangeRefusal for every request that is not granted, and nothing else
   */
  async exchange(
    form: URLSearchParams,
    client: AuthenticatedClient,
    context: ExchangeContext = {},
  ): Promise<IssuedToken> {
    const reached: Progress = {};
    const outcome = await this.#pipeline
      .exchange(form, client, context, (progress) => void Object.assign(reached, progress))
      .catch((error: unknown) => toRefusal('exchange', error));
    const request = { time: this.#clock(), clientId: client.clientId, context, reached };
    if (outcome instanceof ExchangeRefusal) throw await this.#refuse(request, outcome);
    const refusal = await this.#keep(request, outcome);
    if (!refusal) return outcome.issued;
    throw await this.#refuse(request, answerFor(client, refusal, context.grantType));
  }

  /** Records a token that was made. @returns why it must not leave, where it must not */
  async #keep(request: AuditedRequest, { issued, claim }: MadeToken): Promise<ExchangeRefusal | undefined> {
    try {
      const refusal = await this.#recordIssued(request, issued);
      await (refusal ? claim.release() : claim.settle(issued));
      return refusal;
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  /**
   * Tells what {@link exchange} would do for a client and why, by the same rules. Issues nothing, and so records nothing; the client
   * need not have authenticated.
   */
  explain(form: URLSearchParams, client: ClientRegistration, context: ExplainContext = {}): Promise<Explanation> {
    return this.#pipeline.explain(form, client, context);
  }

  #tell(request: AuditedRequest, issued: IssuedToken): ExchangeAuditEvent | ExchangeRefusal {
    try {
      return auditEvent(request, issued, this.#members);
    } catch (error) {
      return toRefusal('audit', error);
    }
  }

  async #recordIssued(request: AuditedRequest, issued: IssuedToken): Promise<ExchangeRefusal | undefined> {
    const event = this.#tell(request, issued);
    if (event instanceof ExchangeRefusal) return event;
    try {
      return (await this.#sink.recordIssued(event, issued)) ? undefined : revokedMeanwhile();
    } catch (cause) {
      const reason = 'the audit record cannot be written';
      throw new ExchangeRefusal('audit', 'server_error', 'The request could not be processed', { reason, cause });
    }
  }

  async #refuse(request: AuditedRequest, refusal: ExchangeRefusal): Promise<ExchangeRefusal> {
    try {
      await this.#sink.record(auditEvent(request, refusal, this.#members));
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
