import type { IncomingMessage } from 'node:http';
import type { OAuthError } from '@onbehalf/oauth-protocol';
import type { ProofOfPossession } from '../provider/seam/request-seam.js';

/**
 * A grant of the token endpoint beside those of the provider. RFC 6749 §4.5. The endpoint authenticates the client, by the method that it
 * is registered with; a grant has no say in it. RFC 6749 §3.2.1
 */
export interface Grant {
  readonly grantType: string;
  /** Every parameter that the grant reads; others are ignored. RFC 6749 §3.2 */
  readonly parameters: readonly string[];
  /** Those of them that may be repeated. */
  readonly repeatable: readonly string[];
  /**
   * @returns the answer, as JSON
   * @throws OAuthError for every refusal
   */
  handle(request: GrantRequest): Promise<object>;
  /** Is told of each request for the grant that is refused before {@link handle}, ahead of the answer. Does not throw. */
  refused?(request: RefusedRequest): Promise<void>;
}

/** A request whose client has authenticated and may use the grant. */
export interface GrantRequest {
  readonly clientId: string;
  /** As it was sent; of the parameters of the grant, none is repeated that may not be. */
  readonly form: URLSearchParams;
  /** The keys that the caller has proven to hold. RFC 9449 §5, RFC 8705 §3 */
  readonly proof: ProofOfPossession;
  /** The subject of the workload by whose token the client has authenticated, if it did so. */
  readonly workload?: string;
  readonly request: IncomingMessage;
}

/** A request that did not get as far as the grant. */
export interface RefusedRequest {
  /** Absent when the client did not authenticate. */
  readonly clientId?: string;
  /** As in {@link GrantRequest}. */
  readonly workload?: string;
  readonly form: URLSearchParams;
  readonly refusal: OAuthError;
}
