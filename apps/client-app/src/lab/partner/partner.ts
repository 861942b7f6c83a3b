import { Injectable } from '@nestjs/common';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JSONWebKeySet, type JWK } from 'jose';
import { Settings } from '../../settings.js';
import { SharedRecords } from '../../store/shared-records.js';

const ALGORITHM = 'ES256';
const KEY_ID = 'partner';

/** Where its keys are, below the address of this app. */
export const PARTNER_PATH = '/lab/partner';

/** Another issuer, which the authorization server trusts. All replicas are this issuer, by one key. */
@Injectable()
export class Partner {
  #key: Promise<JWK> | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly records: SharedRecords,
  ) {}

  get issuer(): string {
    return `${this.settings.publicUrl}${PARTNER_PATH}`;
  }

  /** A JWT of this issuer, for a minute. */
  async token(claims: Readonly<Record<string, unknown>>): Promise<string> {
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'at+jwt' })
      .setIssuer(this.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .setJti(crypto.randomUUID())
      .sign(await importJWK(await this.#privateJwk(), ALGORITHM));
  }

  /** RFC 7517 §5 */
  async jwks(): Promise<JSONWebKeySet> {
    const { kty, crv, x, y } = await this.#privateJwk();
    return { keys: [{ kty, crv, x, y, kid: KEY_ID, alg: ALGORITHM, use: 'sig' }] };
  }

  #privateJwk(): Promise<JWK> {
    this.#key ??= this.records.once('partner', newKey).catch((error: unknown) => {
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return exportJWK(privateKey);
}
