import 'express-session';

/** Who is signed in, with the tokens: they never leave the server side. */
export interface Login {
  readonly subject: string;
  /** The party that the ID token was issued to. OpenID Connect Core §2, azp */
  readonly authorizedParty: string;
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** The session at the server. OpenID Connect Front-Channel Logout §3, sid */
  readonly sessionId?: string;
  /** Kept where the server wants it at the sign-out only. */
  readonly idToken?: string;
  /** When the access token expires, milliseconds since the epoch; absent: the server did not say. */
  readonly expiresAt?: number;
  /** When the user came back from the authorization server, milliseconds since the epoch. */
  readonly signedInAt: number;
  /** The user signed in because a service asked for it (RFC 9470), and no service has been content with it yet. */
  readonly onTrial?: boolean;
}

declare module 'express-session' {
  interface SessionData {
    login?: Login;
  }
}
