import type { Clock } from '@onbehalf/oauth-protocol';
import type { Explainers } from './audit/explanation.js';
import type { Admission } from './admission/admission.js';
import type { Rule } from './decision/rule.js';
import type { TokenIssuer } from './issuers/token-issuer.js';
import type { ClientRegistration, ExchangePolicy } from './policy/policy.js';
import type { ExchangeState } from './tokens/exchange-state.js';
import type { TokenFacts } from './tokens/token-facts.js';
import type { FactSources } from './tokens/token-state.js';
import type { ForeignIssuer } from './verifiers/foreign-token.js';
import type { TokenVerifier } from './verifiers/token-verifier.js';

/** What exchanges are made of. */
export interface PipelineOptions {
  /** The authorization server's own issuer identifier. */
  readonly issuer: string;
  readonly policy: ExchangePolicy;
  readonly state: ExchangeState;
  readonly verifiers: readonly TokenVerifier[];
  readonly issuers: readonly TokenIssuer[];
  /** Judge after the rules of this library, which always judge, in this order; only whom an administrator may act for is judged later. Default none. */
  readonly additionalRules?: readonly Rule[];
  /** Asked last, about what the rules permit, in this order. Default none. */
  readonly admissions?: readonly Admission[];
  /** What explanations hold beside what they always hold. Default nothing. */
  readonly explainers?: Explainers;
  /** What clients present as actor_token where a request is explained without tokens; the first that knows the client tells. */
  readonly ownActors?: readonly OwnActor[];
  readonly clock: Clock;
  /** Issuers whose subjects are known here as `iss#sub`. Default none. */
  readonly foreignIssuers?: readonly string[];
  /**
   * What requests are judged by at this moment, where that may change while the server runs: each request is judged by one from its
   * beginning to its end. Default: what is given here.
   */
  readonly now?: () => ExchangeMoment;
}

/** Everything that one request is judged by. */
export interface ExchangeMoment extends FactSources {
  /** The issuers of other domains whose tokens are taken; absent: those that the verifiers were made with. */
  readonly trusted?: readonly ForeignIssuer[];
}

/** What a token would say by which a client proves itself as the actor; `undefined`: it has none to present. RFC 8693 §2.1 */
export type OwnActor = (client: ClientRegistration) => TokenFacts | undefined;
