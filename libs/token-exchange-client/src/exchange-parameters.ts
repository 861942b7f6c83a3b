import type { OneOrMore } from './tokens/token-request.js';

/** The parameters of one exchange. RFC 8693 §2.1. */
export interface TargetParameters {
  readonly audience?: OneOrMore;
  readonly resource?: OneOrMore;
  /** Space-separated or a list. */
  readonly scope?: OneOrMore;
  /** Further parameters of one server. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly tenant?: string;
  readonly signal?: AbortSignal;
}

/** The parameters of one exchange. RFC 8693 §2.1. */
export interface ExchangeParameters extends TargetParameters {
  readonly subjectToken: string;
  /** Default: the preset's, mostly `…:access_token`. */
  readonly subjectTokenType?: string;
  /** Seconds since the epoch; the exchanged token is not reused past it. Default: what the token says, if it is a JWT. */
  readonly subjectExpiresAt?: number;
  readonly actorToken?: string;
  /** Default: `…:access_token`. */
  readonly actorTokenType?: string;
  readonly requestedTokenType?: string;
}
