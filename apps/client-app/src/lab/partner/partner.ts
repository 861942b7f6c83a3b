import { Injectable } from '@nestjs/common';
import { exportJWK, generateKeyPair, SignJWT, type JSONWebKeySet } from 'jose';
import { Settings } from '../../settings.js';

const ALGORITHM = 'ES256';
const KEY_ID = 'partner';

/** Where its keys are, below the address of this app. */
export const PARTNER_PATH = '/lab/partner';

/** Another issuer, which the authorization server trusts: its keys are made at the start and never leave the process. */
@Injectable()
export class Partner {
  readonly #keys = generateKeyPair(ALGORITHM);

  constructor(private readonly settings: Settings) {}

  get issuer(): string {
    return `${this.settings.publicUrl}${PARTNER_PATH}`;
  }

  /** A JWT of this issuer, for a minute. */
  async token(claims: Readonly<Record<string, unknown>>): Promise<string> {
    const { privateKey } = await this.#keys;
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: 'at+jwt' })
      .setIssuer(this.issuer)
      .setIssuedAt()
      .setExpirationTime('1m')
      .setJti(crypto.randomUUID())
      .sign(privateKey);
  }

  /** RFC 7517 §5 */
  async jwks(): Promise<JSONWebKeySet> {
    const { publicKey } = await this.#keys;
    return { keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' }] };
  }
}
