import { ExchangeRefusal } from '@onbehalf/token-exchange';

/** What became of a token of a custom type, for records and explanations; `subject` when it was accepted. */
export type ProfileOutcome = 'subject' | 'invalid' | 'denied' | 'unavailable' | 'throttled';

/** Why a profile, or the throttling before it, did not accept a token. */
export class ProfileRefusal extends Error {
  constructor(
    readonly type: string,
    readonly outcome: Exclude<ProfileOutcome, 'subject'>,
    /** For the record; holds no token. */
    readonly reason: string,
    /** Seconds until it is worth to try again. RFC 9110 §10.2.3 */
    readonly retryAfter?: number,
  ) {
    super(reason);
    this.name = 'ProfileRefusal';
  }
}

// what is bad, and what policy does not accept, is invalid_request: RFC 8693 §2.2.2
const CODES = {
  invalid: 'invalid_request',
  denied: 'invalid_request',
  unavailable: 'temporarily_unavailable',
  throttled: 'temporarily_unavailable',
} as const;

const DESCRIPTIONS = {
  invalid: 'The subject_token is invalid',
  denied: 'The subject_token is not accepted',
  unavailable: 'The subject_token cannot be verified at the moment',
  throttled: 'Too many invalid tokens; try again later',
} as const;

/** The refusal as the token endpoint answers it. RFC 8693 §2.2.2, RFC 6585 §4 */
export function toExchangeRefusal(refusal: ProfileRefusal, description?: string): ExchangeRefusal {
  const { outcome, reason } = refusal;
  return new ExchangeRefusal('subject-token', CODES[outcome], description ?? DESCRIPTIONS[outcome], {
    reason: `${outcome}: ${reason}`,
    ...(outcome === 'throttled' && { status: 429 }),
    cause: refusal,
  });
}
