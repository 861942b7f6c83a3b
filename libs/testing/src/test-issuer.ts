import { randomUUID } from 'node:crypto';
import { LocalIssuerKeys, type SigningAlgorithm, type TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';

/** Claims and header members that differ from the token's defaults; `undefined` leaves one out. */
export interface TokenOverrides {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly [claim: string]: unknown;
}

/** An issuer with a real key pair, for tests. */
export interface TestIssuer extends TrustedIssuer {
  readonly jwks: JSONWebKeySet;
  readonly privateKey: CryptoKey;
  /** A signed access token by RFC 9068: subject `user`, client `client`, audience `service`, valid for 300 seconds. */
  token(overrides?: TokenOverrides): Promise<string>;
}

export interface TestIssuerOptions {
  readonly issuer?: string;
  readonly algorithm?: SigningAlgorithm;
  readonly clock?: Clock;
}

/** Creates an issuer with a fresh key pair of its own. */
export async function createTestIssuer(options: TestIssuerOptions = {}): Promise<TestIssuer> {
  const { issuer = 'https://issuer.test', algorithm = 'ES256', clock = systemClock } = options;
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const kid = randomUUID();
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }] };
  const token = async ({ header, ...claims }: TokenOverrides = {}): Promise<string> => {
    const now = clock();
    const defaults = {
      iss: issuer,
      sub: 'user',
      aud: 'service',
      client_id: 'client',
      iat: now,
      exp: now + 300,
      jti: randomUUID(),
    };
    return new SignJWT({ ...defaults, ...claims })
      .setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt', ...header })
      .sign(privateKey);
  };
  return { issuer, algorithms: [algorithm], keys: new LocalIssuerKeys(jwks), jwks, privateKey, token };
}
