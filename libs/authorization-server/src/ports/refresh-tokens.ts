/** What a refresh token says that may be used now. */
export interface HeldRefreshToken {
  readonly subject: string;
  readonly clientId: string;
  /** Seconds since the epoch, as is `issuedAt`. */
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly scopes: readonly string[];
  readonly grantId: string;
  readonly authTime?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** The key that it is bound to. RFC 9449 §5, RFC 8705 §4 */
  readonly confirmation: { readonly jkt?: string; readonly 'x5t#S256'?: string };
}

/** The refresh tokens of this server. */
export interface RefreshTokens {
  /**
   * Finds a refresh token as its grant does, and leaves it unused.
   * @returns `undefined` for one that is unknown, expired, used, or whose grant has ended
   */
  find(value: string): Promise<HeldRefreshToken | undefined>;
}
