import { hash, randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { textOf, type LabToken, type TokenNames } from './token-names.js';

const ALGORITHM = 'ES256';

/** A key of the lab, and the proofs that it signs. RFC 9449 §4 */
export class DpopKey {
  /** The token that was bound to it. */
  bound: LabToken | undefined;

  private constructor(
    private readonly key: CryptoKey,
    private readonly jwk: JWK,
    private readonly names: TokenNames,
  ) {}

  static async create(names: TokenNames): Promise<DpopKey> {
    const { privateKey, publicKey } = await generateKeyPair(ALGORITHM);
    return new DpopKey(privateKey, await exportJWK(publicKey), names);
  }

  /** A proof for one request, with `ath` where a token goes with it. RFC 9449 §4.2 */
  async proof(method: string, url: string, token?: LabToken): Promise<string> {
    const ath = token && hash('sha256', textOf(token), 'base64url');
    const proof = await new SignJWT({ htm: method, htu: url, ...(ath !== undefined && { ath }) })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'dpop+jwt', jwk: this.jwk })
      .setIssuedAt()
      .setJti(randomUUID())
      .sign(this.key);
    this.names.hide(proof, '$PROOF');
    return proof;
  }
}
