/** Where an assertion may be addressed to. RFC 7522 §3. */
export interface Addressee {
  /** Values of Audience, of which the assertion must name one. */
  readonly audiences: readonly string[];
  /** Values of Recipient, of which a bearer confirmation must name one. */
  readonly recipients: readonly string[];
}

/** What a verified assertion says. Times are in seconds since the epoch. */
export interface Assertion {
  /** Unique for its issuer. */
  readonly id: string;
  /** The entity id: any URI. */
  readonly issuer: string;
  readonly name: string;
  readonly nameFormat: string;
  /** The accepted values of Audience. */
  readonly audiences: readonly string[];
  readonly issuedAt: number;
  /** The earliest of all ends that it names. */
  readonly expiresAt: number;
  readonly authTime?: number;
  /** RFC 7522 has no place for it; the class of the authentication context. */
  readonly acr?: string;
  /** Values of each attribute, by its Name. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

/** Seconds that the clocks of the issuer and of this server may differ. */
export const CLOCK_TOLERANCE = 30;
