import 'express-session';

/** What an engineer wants to see, and why; kept while the engineer signs in. */
export interface WantedAccount {
  readonly customer: string;
  readonly reason: string;
  readonly ticket?: string;
}

/** The account that an engineer uses now: beside the engineer's own session, never in place of it. */
export interface UsedAccount extends WantedAccount {
  /** The engineer. */
  readonly administrator: string;
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

declare module 'express-session' {
  interface SessionData {
    wantedAccount?: WantedAccount;
    usedAccount?: UsedAccount;
  }
}
