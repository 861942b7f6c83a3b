import type { JsonObject } from '../tokens/token-answer.js';
import type { RefusalRule } from '../tokens/refusal-cause.js';
import type { StepUp } from '../tokens/exchange-errors.js';
import type { TokenRequest } from '../tokens/token-request.js';

/** How one authorization server wants to be asked. */
export interface Preset {
  readonly name: string;
  /** The type given to the token of the current request. RFC 8693 §3. */
  readonly subjectTokenType: string;
  /** Whether a success answer carries `issued_token_type`, as RFC 8693 §2.2.1 requires. */
  readonly issuedTokenType: 'required' | 'optional' | 'absent';
  /** The body of the request, `grant_type` included. */
  readonly form: (request: TokenRequest) => URLSearchParams;
  /** The body of a client credentials request, `grant_type` included. RFC 6749 §4.4.2. */
  readonly serviceForm: (request: TokenRequest) => URLSearchParams;
  /** What this server cannot do with the request, in one phrase; `undefined` when it can do it. */
  readonly unsupported?: (request: TokenRequest) => string | undefined;
  /** How this server words its refusals, beside what the RFCs say. */
  readonly refusals?: readonly RefusalRule[];
  /** The scope of a token is always told, by the answer or by the token; so that none means: without scope. */
  readonly tellsScope?: boolean;
  /** Reads the server's own way of asking for a stronger authentication. */
  readonly stepUp?: (body: JsonObject) => StepUp | undefined;
}
