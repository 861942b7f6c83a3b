import type { ClientRegistration } from '../policy/policy.js';
import type { ExchangeRequest, PresentedToken } from '../request/exchange-request.js';
import type { ReadsParameters } from '../request/parameters.js';
import type { TokenFacts } from '../tokens/token-facts.js';
import type { ForeignIssuer } from './foreign-token.js';

/** What a verifier may know of the request, beside the token. */
export interface VerificationContext {
  readonly client: ClientRegistration;
  /** Now, in seconds since the epoch. */
  readonly at: number;
  /** Which of the two tokens is verified. */
  readonly parameter: PresentedToken['parameter'];
  /** Whether the request is only explained: then nothing may be used up. */
  readonly explained: boolean;
  /** What the token is to be exchanged for, as sent; whether it may be, others decide. */
  readonly asked: Pick<ExchangeRequest, 'audiences' | 'resources' | 'scopes' | 'requestedType'>;
  /** Where the request comes from, as the server counts callers; absent where nobody sent one. */
  readonly address?: string | undefined;
  /** The issuers of other domains that are trusted now; absent: those that the verifier was made with. */
  readonly trusted?: readonly ForeignIssuer[];
  /** The parameters that verifiers, rules and issuers declare, as sent. */
  readonly parameters: ExchangeRequest['parameters'];
}

/** Establishes what tokens of some types say. Keyed by token type, for subject and actor tokens alike. */
export interface TokenVerifier extends ReadsParameters {
  /** Absolute URIs. RFC 8693 §3. */
  readonly types: readonly string[];
  /** The grants by which its tokens are presented. Default token exchange alone; of each grant, one verifier is responsible for a type. */
  readonly grantTypes?: readonly string[];
  /**
   * @throws TokenRejection or MalformedClaim when the token is refused, whatever the cause
   * @throws KeysUnavailable when the issuer's keys cannot be had now
   * @throws ExchangeRefusal for what has an answer of its own
   */
  verify(token: string, context: VerificationContext): Promise<TokenFacts>;
}
