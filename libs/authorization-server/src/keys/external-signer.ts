import type { SigningAlgorithm } from '@onbehalf/jwt-verification';
import type { JWK } from 'jose';

/** A key pair of this server whose private part another system keeps. */
export interface ExternalKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: JWK;
}

/**
 * Signs for this server and keeps the private keys to itself: a KMS, an HSM. Whatever its methods reject with counts as an
 * outage; a `code` of one word, such as ECONNREFUSED, is told to operators.
 */
export interface ExternalSigner {
  /** Every key that is to be published now; the first of an algorithm signs. */
  keys(): Promise<readonly ExternalKey[]>;
  /** The signature as JWS carries it: for ES256 R and S one after the other. RFC 7518 §3.3, §3.4. */
  sign(key: ExternalKey, data: Uint8Array): Promise<Uint8Array>;
}

/** Nothing can be signed now. */
export class SignerUnavailable extends Error {
  /**
   * @param code one word that says why, without a secret
   * @param retryAfter seconds until it is worth to try again
   */
  constructor(
    readonly code: string | undefined,
    readonly retryAfter: number,
    options?: ErrorOptions,
  ) {
    super(`The signer does not answer${code === undefined ? '' : ` (${code})`}`, options);
    this.name = 'SignerUnavailable';
  }
}
