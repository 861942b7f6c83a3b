import { CompactSign, importJWK, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import type { ExternalKey } from './external-signer.js';
import type { WatchedSigner } from './watched-signer.js';

/** One of the keys that this server signs with. */
export type SigningKey = LocalKey | RemoteKey;

/** A key pair in this process. */
export class LocalKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly #key: CryptoKey;

  private constructor(
    /** With private members; never publish it. */
    readonly privateJwk: JWK & { kid: string },
    key: CryptoKey,
  ) {
    this.kid = privateJwk.kid;
    this.algorithm = privateJwk.alg ?? '';
    this.#key = key;
  }

  static async of(jwk: JWK & { kid: string }): Promise<LocalKey> {
    return new LocalKey(jwk, (await importJWK(jwk)) as CryptoKey);
  }

  get publicJwk(): JWK {
    return publicPart(this.privateJwk);
  }

  /** RFC 7519 §7.1: the claims as they are; `SignJWT` would copy them first. */
  sign(claims: JWTPayload, typ: string): Promise<string> {
    const header = { alg: this.algorithm, kid: this.kid, typ };
    return new CompactSign(Buffer.from(JSON.stringify(claims))).setProtectedHeader(header).sign(this.#key);
  }
}

/** A key pair of which this process has the public part only. */
export class RemoteKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly publicJwk: JWK;
  readonly #key: ExternalKey;
  readonly #signer: WatchedSigner;

  constructor(key: ExternalKey, signer: WatchedSigner) {
    this.kid = key.kid;
    this.algorithm = key.algorithm;
    this.publicJwk = { ...publicPart(key.publicJwk), kid: key.kid, alg: key.algorithm, use: 'sig' };
    this.#key = key;
    this.#signer = signer;
  }

  /** RFC 7515 §5.1, §7.1: the JWS Compact Serialization. */
  async sign(claims: JWTPayload, typ: string): Promise<string> {
    const input = `${encode({ alg: this.algorithm, kid: this.kid, typ })}.${encode(claims)}`;
    return `${input}.${Buffer.from(await this.signature(Buffer.from(input))).toString('base64url')}`;
  }

  /** The signature of a JWS signing input. */
  signature(data: Uint8Array): Promise<Uint8Array> {
    return this.#signer.sign(this.#key, data);
  }
}

/** What of a key may be published. */
export function publicPart({ kty, alg, use, kid, crv, x, y, n, e }: JWK): JWK {
  return { kty, alg, use, kid, crv, x, y, n, e };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
