/** What the server remembers of a token that it issued. Never the token itself. */
export interface IssuedTokenRecord {
  readonly jti: string;
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
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** The index of issued tokens: the storage implements it. Revoking a token revokes what was exchanged for it. */
export interface IssuedTokens {
  /** @returns false when the token must not leave, because what it derives from was revoked meanwhile */
  record(token: IssuedTokenRecord): Promise<boolean>;
  /** Whether there is a record of a token, and whether it, or one that it came from, was revoked. */
  standing(jti: string): Promise<{ readonly known: boolean; readonly revoked: boolean }>;
  /**
   * @param iss left out for this server
   * @param event is recorded in the transaction from which on the token counts as revoked
   */
  revoke(jti: string, iss?: string, event?: object): Promise<unknown>;
  revokeByGrant(grantId: string, event?: object): Promise<unknown>;
  /**
   * Revoked tokens that have not expired, in the order of their revocation. Throws InvalidCursor.
   * @param cursor of the page before; absent to begin
   */
  revokedSince(cursor?: string): Promise<RevocationPage>;
}

/** One page of the revocation feed. */
export interface RevocationPage {
  /** `iss` only for tokens of another issuer. */
  readonly tokens: readonly { readonly iss?: string; readonly jti: string; readonly expiresAt: number }[];
  /** Where the next page begins; the same as before when there is nothing new. */
  readonly cursor: string;
}
