import 'express-session';

/** An access token on this side. */
export interface HeldToken {
  readonly accessToken: string;
  /** When it expires, milliseconds since the epoch; absent: the server did not say. */
  readonly expiresAt?: number | undefined;
}

/** Who is signed in, with the tokens: they never leave the server side. */
export interface Login extends HeldToken {
  readonly subject: string;
  /** The party that the ID token was issued to. OpenID Connect Core §2, azp */
  readonly authorizedParty: string;
  readonly refreshToken?: string;
  /** The session at the server. OpenID Connect Front-Channel Logout §3, sid */
  readonly sessionId?: string;
  /** Says who the user is, to this app; another domain is reached by it. */
  readonly idToken?: string;
  /** When the user came back from the authorization server, milliseconds since the epoch. */
  readonly signedInAt: number;
  /** The user signed in because a service asked for it (RFC 9470), and no service has been content with it yet. */
  readonly onTrial?: boolean;
  /** The token for what the authorization server tells its users, once it was asked for. */
  readonly me?: HeldToken;
  /** Every form of this session holds it. */
  readonly csrf: string;
}

declare module 'express-session' {
  interface SessionData {
    login?: Login;
  }
}
