import type { Actor, ImpersonationMark } from '@onbehalf/oauth-protocol';
import type { TokenReference } from '../tokens/token-facts.js';

/** A token that was issued, and what the server must know to index, answer and revoke it. */
export interface IssuedToken {
  readonly token: string;
  /** RFC 8693 §2.2.1, `issued_token_type`. */
  readonly issuedTokenType: string;
  /** `N_A` when the token is no access token. RFC 8693 §2.2.1. */
  readonly tokenType: 'Bearer' | 'DPoP' | 'N_A';
  /** Seconds. */
  readonly expiresIn: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  readonly scopes: readonly string[];
  readonly jwtId: string;
  readonly subject: string;
  readonly clientId: string;
  readonly audiences: readonly string[];
  /** The current actor first; empty for an impersonation. */
  readonly actors: readonly Actor[];
  /** The subject token and the actor token, as far as they have identifiers: what revocation follows. */
  readonly parents: readonly TokenReference[];
  /** The impersonation that it is of, whether it says so or not. */
  readonly impersonation?: ImpersonationMark;
  /** The grant that it is issued under, and ends with. */
  readonly grantId?: string;
  /** Further members of the answer. No member of RFC 8693 §2.2.1 is taken from here. */
  readonly members?: Readonly<Record<string, unknown>>;
}
