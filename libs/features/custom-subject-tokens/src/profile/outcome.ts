/** A party that acts for the subject, and whoever acted before it. RFC 8693 §4.1 */
export interface ActingParty {
  readonly sub: string;
  /** Where the party is known, one of the `namespaces` of the type; absent: it is registered at this server. */
  readonly iss?: string;
  readonly client_id?: string;
  readonly sub_profile?: string;
  /** Who acted before. */
  readonly act?: ActingParty;
}

interface Said {
  /** When what the token stands for ends, in seconds since the epoch: no token that is made from it lives longer. */
  readonly expiresAt: number;
  /** What the token entitles to; absent: to nothing, so that only edges without `requires` grant something. */
  readonly scopes?: readonly string[];
  /** When it was issued, in seconds since the epoch. */
  readonly issuedAt?: number;
  /** When the user signed in, in seconds since the epoch. RFC 9068 §2.2.1 */
  readonly authTime?: number;
  /** How strong that was. RFC 9068 §2.2.1 */
  readonly acr?: string;
  /** By what means. RFC 9068 §2.2.1 */
  readonly amr?: readonly string[];
  /** Who acts for the subject already. */
  readonly actor?: ActingParty;
}

/** What a token says: exactly one user, by the name of an account here, or as a party of a namespace of its own. */
export type SubjectStatement = Said &
  (
    | { readonly account: string; readonly foreign?: never }
    | { readonly foreign: { readonly iss: string; readonly sub: string }; readonly account?: never }
  );

/** What a profile says of a token. Made by {@link subject}, {@link invalid}, {@link denied} and {@link unavailable}. */
export type Outcome =
  | { readonly outcome: 'subject'; readonly statement: SubjectStatement }
  | { readonly outcome: 'invalid'; readonly reason: string }
  | { readonly outcome: 'denied'; readonly description: string }
  | { readonly outcome: 'unavailable'; readonly reason: string; readonly retryAfter: number };

/** The token is good, and this is what it says. */
export function subject(statement: SubjectStatement): Outcome {
  return { outcome: 'subject', statement };
}

/** Names a party that acts for the subject. */
export function actor(party: ActingParty): ActingParty {
  return party;
}

/**
 * The token is bad: `invalid_request`. Counts as a guess, for throttling.
 * @param reason for the record; the caller is not told
 */
export function invalid(reason: string): Outcome {
  return { outcome: 'invalid', reason };
}

/**
 * The token is good, and is not accepted all the same: `invalid_request`, as RFC 8693 §2.2.2 says of what policy does not accept.
 * @param description for the caller
 */
export function denied(description: string): Outcome {
  return { outcome: 'denied', description };
}

/**
 * Nobody can tell at the moment: 503 with Retry-After, and never a bad token.
 * @param reason for the record
 * @param retryAfter seconds until it is worth to try again
 */
export function unavailable(reason: string, retryAfter = 5): Outcome {
  return { outcome: 'unavailable', reason, retryAfter };
}
