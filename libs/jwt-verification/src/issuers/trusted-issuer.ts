import type { CryptoKey, JWSHeaderParameters } from 'jose';
import type { AccessTokenProfile } from './access-token-profile.js';

/** Asymmetric signature algorithms (RFC 7518 §3.1, RFC 8037, RFC 9864) that a trusted issuer may be pinned to. */
export const SIGNING_ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const;

/** The name of an algorithm that tokens may be signed with. RFC 7518 §3.1, RFC 9864 §2.2 */
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Where the public keys of one issuer come from. */
export interface IssuerKeys {
  /**
   * The key that the header names; several when it names none, or more than one has that name.
   * @throws TokenRejection `unknown_key` when the issuer has no such key
   * @throws KeysUnavailable when the keys cannot be had now
   */
  find(header: JWSHeaderParameters): Promise<CryptoKey | readonly CryptoKey[]>;
  /**
   * Resolves when keys are at hand; absent: they always are. For readiness.
   * @throws KeysUnavailable when they cannot be had now
   */
  ready?(): Promise<void>;
}

/** An issuer whose tokens are accepted, with its keys and the only algorithms it may use (RFC 8725 §3.1). */
export interface TrustedIssuer {
  /** Compared character by character with `iss`. */
  readonly issuer: string;
  readonly keys: IssuerKeys;
  readonly algorithms: readonly SigningAlgorithm[];
  /** The shape of its access tokens; absent: RFC 9068. */
  readonly profile?: AccessTokenProfile;
}
