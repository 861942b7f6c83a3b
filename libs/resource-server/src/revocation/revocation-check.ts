import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';

/** Tells whether a token that verifies is revoked all the same. */
export interface RevocationCheck {
  /**
   * Why the token is refused all the same; `undefined` when it is not.
   * @throws RevocationUnknown when it cannot be told now and that is to be a refusal
   */
  objection(token: VerifiedAccessToken): Promise<string | undefined>;
  /**
   * Waits until it can be told whether tokens are revoked.
   * @throws RevocationUnknown when it cannot be told now and requests are therefore refused
   */
  ready?(): Promise<void>;
  /** Starts what runs in the background. */
  start?(): void;
  stop?(): void;
}

/** What happens to requests while nobody can tell whether tokens are revoked. Chosen, never fallen into. */
export type OnOutage = 'refuse' | 'accept';

/** Whether the token is revoked cannot be told now. */
export class RevocationUnknown extends Error {
  /** @param retryAfter seconds until it is worth to try again */
  constructor(
    readonly retryAfter: number,
    options?: ErrorOptions,
  ) {
    super('Whether the token is revoked cannot be told now', options);
    this.name = 'RevocationUnknown';
  }
}

/** Credentials for the authorization server. RFC 6749 §2.3.1. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}
