import { Logger } from '@nestjs/common';
import { Lane, LaneFull, type FeatureParts } from '@onbehalf/authorization-server';
import { TokenRejection } from '@onbehalf/jwt-verification';
import type { TokenFacts, TokenVerifier, VerificationContext } from '@onbehalf/token-exchange';
import type { CustomSubjectTokensSettings, TypeSettings } from './custom-subject-tokens.schema.js';
import { FailureLimits } from './failure-limits.js';
import { askProfile, ProfileFault } from './profile/ask-profile.js';
import { checkOutcome, type CheckedOutcome } from './profile/check-outcome.js';
import { safeDescription, safeReason } from './profile/safe-text.js';
import type { ProfileRequest, SubjectTokenProfile } from './profile/subject-token-profile.js';
import { ProfileRefusal, toExchangeRefusal } from './profile-refusal.js';
import { provisionAccount } from './provision-account.js';
import { toTokenFacts } from './to-token-facts.js';

/** Seconds after which a profile that failed may be asked again. */
const RETRY_AFTER = 5;

/**
 * Tokens of one type that are looked at at a time, so that not many guesses pass together before the first is counted; and those that
 * may wait, so that a profile that hangs does not keep them all.
 */
const LANE = { width: 32, waiting: 96 };

type Refused = Exclude<CheckedOutcome, { outcome: 'subject' }>;

/** Subject tokens of one type of your own, verified by its profile. RFC 8693 §3: any URI may be a token type. */
export class CustomSubjectTokenVerifier implements TokenVerifier {
  readonly type: string;
  readonly types: readonly string[];
  readonly #parts: FeatureParts<CustomSubjectTokensSettings>;
  readonly #settings: TypeSettings;
  readonly #limits: FailureLimits;
  readonly #lane = new Lane(LANE);
  readonly #log = new Logger('CustomSubjectTokens');
  #profile: SubjectTokenProfile | undefined;

  constructor(parts: FeatureParts<CustomSubjectTokensSettings>, settings: TypeSettings) {
    this.type = settings.type;
    this.types = [settings.type];
    this.#parts = parts;
    this.#settings = settings;
    this.#limits = new FailureLimits(parts.rateLimiter, parts.settings.failures);
  }

  /** Takes the profile of the type, before the first request. */
  use(profile: SubjectTokenProfile): void {
    this.#profile = profile;
  }

  /**
   * @throws ExchangeRefusal for a token that the profile does not accept or cannot judge, and when too many were bad
   * @throws TokenRejection when this client may not present it, and for parties that the profile may not name
   */
  async verify(token: string, context: VerificationContext): Promise<TokenFacts> {
    const { client, parameter } = context;
    if (parameter !== 'subject_token') throw new TokenRejection('type', 'A token of this type names no actor');
    const accepted = this.#settings.clients.find((each) => each.client === client.clientId);
    if (!accepted) throw new TokenRejection('audience', 'A token of this type is not accepted from this client');
    try {
      return await this.#lane.run(() => this.#verify(token, context, accepted.subjectAudience));
    } catch (error) {
      if (!(error instanceof LaneFull)) throw error;
      throw toExchangeRefusal(this.#refusal('unavailable', 'too many tokens wait', error.retryAfter));
    }
  }

  async #verify(token: string, context: VerificationContext, subjectAudience: string): Promise<TokenFacts> {
    if (!context.explained) this.#refuseThrottled(await this.#limits.wait(callerOf(context)));
    const { timeout } = this.#parts.settings;
    const profile = this.#profile;
    if (!profile) throw toExchangeRefusal(this.#refusal('unavailable', 'there is no profile', RETRY_AFTER));
    try {
      const ask = (signal: AbortSignal) => profile.verify(token, toRequest(context, signal));
      const outcome = checkOutcome(await askProfile(ask, timeout), context.at);
      if (outcome.outcome !== 'subject') throw await this.#refuse(outcome, token, context);
      const { statement } = outcome;
      const facts = toTokenFacts(statement, { settings: this.#settings, subjectAudience }, this.#parts.policy);
      const request = toRequest(context, AbortSignal.timeout(timeout * 1000));
      await provisionAccount(profile, { statement, request, timeout }, this.#parts);
      return facts;
    } catch (error) {
      if (!(error instanceof ProfileFault)) throw error;
      const { message: reason, frames } = error;
      this.#log.error({ event: 'subject_token_profile.failed', type: this.type, reason, frames });
      throw toExchangeRefusal(this.#refusal('unavailable', reason, RETRY_AFTER));
    }
  }

  async #refuse(outcome: Refused, token: string, context: VerificationContext): Promise<Error> {
    if (outcome.outcome === 'unavailable') {
      const reason = safeReason(outcome.reason, token);
      return toExchangeRefusal(this.#refusal('unavailable', reason, outcome.retryAfter));
    }
    if (outcome.outcome === 'denied') {
      const description = safeDescription(outcome.description, token) || undefined;
      return toExchangeRefusal(this.#refusal('denied', safeReason(outcome.description, token)), description);
    }
    if (!context.explained) this.#refuseThrottled(await this.#limits.failed(callerOf(context)));
    return toExchangeRefusal(this.#refusal('invalid', safeReason(outcome.reason, token)));
  }

  #refuseThrottled(wait: number | undefined): void {
    if (wait === undefined) return;
    throw toExchangeRefusal(this.#refusal('throttled', 'too many of its tokens were bad', wait));
  }

  #refusal(outcome: ProfileRefusal['outcome'], reason: string, retryAfter?: number): ProfileRefusal {
    return new ProfileRefusal(this.type, outcome, reason, retryAfter);
  }
}

function callerOf({ client, address = '' }: VerificationContext): { clientId: string; address: string } {
  return { clientId: client.clientId, address };
}

function toRequest(
  { client, asked, address, at, explained }: VerificationContext,
  signal: AbortSignal,
): ProfileRequest {
  const { audiences, resources, scopes } = asked;
  return {
    clientId: client.clientId,
    audiences,
    resources,
    ...(scopes && { scopes }),
    ...(address !== undefined && { address }),
    at,
    explained,
    signal,
  };
}
