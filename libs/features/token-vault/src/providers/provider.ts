import type { ProviderProfile } from './provider-profile.js';

/** A provider at which users link accounts, as the configuration has it. */
export interface Provider {
  /** Also the audience that is asked for. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly profile: ProviderProfile;
  /** Whether it may be asked by plain http elsewhere than on this machine. */
  readonly allowInsecureHttp: boolean;
}

/** Tokens as a provider has given them. */
export interface ProviderTokens {
  readonly accessToken: string;
  /** Seconds since the epoch; absent: the provider does not say. */
  readonly expiresAt?: number | undefined;
  /** Absent: those that were asked for. RFC 6749 §5.1 */
  readonly scopes?: readonly string[] | undefined;
  /** Absent: the one before goes on. RFC 6749 §6 */
  readonly refreshToken?: string | undefined;
  /** Seconds since the epoch; absent: the provider does not say. */
  readonly refreshExpiresAt?: number | undefined;
}

/** The authorization request that a browser is sent to a provider with. All of its secrets are drawn for it alone. */
export interface ConsentRequest {
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}
