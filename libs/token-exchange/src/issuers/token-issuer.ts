import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import type { JWTPayload } from 'jose';
import type { Permit } from '../decision/decide.js';
import type { TargetKind } from '../policy/policy.js';
import type { ReadsParameters } from '../request/parameters.js';
import type { IssuedToken } from './issued-token.js';

/** Makes a token from a permit. Chosen by the requested token type. */
export interface TokenIssuer extends ReadsParameters {
  /** Absolute URIs. RFC 8693 §3. */
  readonly types: readonly string[];
  /** What its tokens are for. Default `resource`; of each kind, one issuer is responsible for a type. */
  readonly issuesFor?: TargetKind;
  /** Whether `resource` parameters name what lies behind the one target that `audience` names, and no targets themselves. */
  readonly readsResources?: boolean;
  /** Makes the token of what was permitted. */
  issue(permit: Permit): Promise<IssuedToken>;
}

/** Signs claims with the authorization server's key for `alg`, or with its default key, and names the key in the header. */
export interface TokenSigner {
  /** Answers with the JWT in its compact form. RFC 7515 §7.1 */
  sign(claims: JWTPayload, header: { readonly typ: string; readonly alg?: SigningAlgorithm }): Promise<string>;
}
