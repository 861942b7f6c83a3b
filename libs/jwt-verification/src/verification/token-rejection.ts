/** What is wrong with a token, for code that must tell the cases apart. */
export type RejectionCode =
  | 'oversized'
  | 'malformed'
  | 'algorithm'
  | 'type'
  | 'critical'
  | 'signature'
  | 'unknown_key'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  | 'claim';

/** A token that is refused. The message is safe to send to the caller: it never holds the token. */
export class TokenRejection extends Error {
  constructor(
    readonly code: RejectionCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'TokenRejection';
  }
}

/** The issuer's keys cannot be had now. Says nothing about the token: an outage is never a bad token. */
export class KeysUnavailable extends Error {
  /** @param retryAfter seconds until it is worth to try again */
  constructor(
    readonly issuer: string,
    readonly retryAfter: number,
    options?: ErrorOptions,
  ) {
    super(`The keys of ${issuer} are unavailable`, options);
    this.name = 'KeysUnavailable';
  }
}

/** A claim that is missing, or not of the type its specification gives it. */
export function invalidClaim(name: string): TokenRejection {
  return new TokenRejection('claim', `The token's claim "${name}" is missing or invalid`);
}
