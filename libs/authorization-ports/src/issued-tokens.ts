import type { ImpersonationMark } from '@onbehalf/oauth-protocol';
import type { RecordedEvent } from './recorded-event.js';

/** What the server remembers of a token that it issued. Never the token itself. */
export interface IssuedTokenRecord {
  readonly jti: string;
  /** The issuer; absent for a token of this server. */
  readonly iss?: string;
  /** The `jti` of the subject token that this one was exchanged for. */
  readonly parentJti?: string;
  /** The issuer of the subject token, when it is another server. */
  readonly parentIss?: string;
  readonly clientId: string;
  readonly subject: string;
  /** The lives of the subject and of the client; it is not recorded when they lead others by now. Absent: they lead none. */
  readonly subjectLife?: number;
  readonly clientLife?: number;
  readonly grantId?: string;
  readonly sessionId?: string;
  readonly audiences: readonly string[];
  /** The impersonation that it is of. */
  readonly impersonation?: ImpersonationMark;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** A record as the index answers it. */
export interface IndexedToken extends IssuedTokenRecord {
  /** The first token of the lineage. */
  readonly rootJti: string;
  /** Its issuer, when it is another server. */
  readonly rootIss?: string;
  /** Revoked itself, or something that it derives from. */
  readonly revoked: boolean;
}

/** What the index knows of a token. */
export interface IssuedTokenStanding {
  /** It is in the index, be it revoked or not. */
  readonly known: boolean;
  /** It, or something that it derives from, is revoked. */
  readonly revoked: boolean;
  /** The impersonation that it is of, also where the token itself does not tell. */
  readonly impersonation?: ImpersonationMark;
}

/** The index of issued tokens (RFC 7009, RFC 7662): the storage implements it. Revoking a token revokes what was exchanged for it. */
export interface IssuedTokens {
  /** @returns false when the token must not leave, because what it derives from was revoked meanwhile */
  record(token: IssuedTokenRecord): Promise<boolean>;
  /**
   * The record of a token; `undefined` when it is not in the index.
   * @param iss left out for this server
   */
  find(jti: string, iss?: string): Promise<IndexedToken | undefined>;
  /** The tokens that were issued under a grant by itself and can be used, the newest first; not more than some. */
  usable(grantId: string): Promise<readonly IndexedToken[]>;
  /**
   * What the index knows of a token; one that is not in it is neither known nor revoked.
   * @param iss left out for this server
   */
  standing(jti: string, iss?: string): Promise<IssuedTokenStanding>;
  /**
   * Revokes a token and what was exchanged for it. RFC 7009 §2.1
   * @param iss left out for this server
   * @param event is recorded in the transaction from which on the token counts as revoked
   */
  revoke(jti: string, iss?: string, event?: RecordedEvent): Promise<unknown>;
  /**
   * Revokes the tokens that were issued under a grant, and what was exchanged for them.
   * @param event is recorded in the transaction from which on they count as revoked
   */
  revokeByGrant(grantId: string, event?: RecordedEvent): Promise<unknown>;
  /**
   * Revoked tokens that a guard may still accept, in the order of their revocation.
   * @param cursor of the page before; absent to begin
   * @throws InvalidCursor
   */
  revokedSince(cursor?: string): Promise<RevocationPage>;
}

/** One entry of the revocation feed. */
export interface RevokedToken {
  /** Only for tokens of another issuer. */
  readonly iss?: string;
  readonly jti: string;
  /** Seconds since the epoch; afterwards the entry can be forgotten. */
  readonly expiresAt: number;
}

/** One page of the revocation feed. */
export interface RevocationPage {
  readonly tokens: readonly RevokedToken[];
  /** Where the next page begins; the same as before when there is nothing new. */
  readonly cursor: string;
}
