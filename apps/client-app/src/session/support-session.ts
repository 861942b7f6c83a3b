import 'express-session';

/** An engineer who has signed in afresh: beside whoever is signed in here, never in place of them. */
export interface Engineer {
  readonly subject: string;
  readonly accessToken: string;
  /** Until when the sign-in is fresh enough, milliseconds since the epoch. */
  readonly freshUntil: number;
  /** Every form of the engineer holds it. */
  readonly csrf: string;
}

/** Whose account an engineer wants to see, and why. */
export interface WantedAccount {
  readonly customer: string;
  readonly reason: string;
  readonly ticket?: string;
}

/** The account that an engineer uses now. */
export interface UsedAccount extends WantedAccount {
  /** The engineer. */
  readonly administrator: string;
  readonly accessToken: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Every form of the engineer holds it. */
  readonly csrf: string;
}

declare module 'express-session' {
  interface SessionData {
    engineer?: Engineer;
    usedAccount?: UsedAccount;
  }
}
