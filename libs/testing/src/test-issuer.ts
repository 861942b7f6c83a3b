import { randomUUID } from 'node:crypto';
import { LocalIssuerKeys, type SigningAlgorithm, type TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock, type Clock } from '@onbehalf/oauth-protocol';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';
import { serveIssuer } from './serve-issuer.js';

/** Claims and header members that differ from the token's defaults; `undefined` leaves one out. */
export interface TokenOverrides {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly [claim: string]: unknown;
}

/** An issuer with a real key pair, for tests. */
export interface TestIssuer extends TrustedIssuer {
  /** The audience of its tokens, unless a token says otherwise. */
  readonly audience: string;
  readonly jwks: JSONWebKeySet;
  readonly privateKey: CryptoKey;
  /** A signed access token by RFC 9068: subject `user`, client `client`, audience `service`, valid for 300 seconds. */
  token(overrides?: TokenOverrides): Promise<string>;
}

/** What a test issuer is, where the defaults do not do. */
export interface TestIssuerOptions {
  readonly issuer?: string;
  readonly algorithm?: SigningAlgorithm;
  /** The audience of its tokens, unless a token says otherwise. Default `service`. */
  readonly audience?: string;
  readonly clock?: Clock;
}

/** A test issuer that publishes its metadata and keys over HTTP on 127.0.0.1; its name is its URL. */
export interface ServedTestIssuer extends TestIssuer {
  readonly jwksUri: string;
  /** Stops the server. */
  close(): Promise<void>;
}

/** Creates an issuer with a fresh key pair of its own; with `http`, one that can be discovered and fetched from. */
export function createTestIssuer(options: TestIssuerOptions & { readonly http: true }): Promise<ServedTestIssuer>;
export function createTestIssuer(options?: TestIssuerOptions): Promise<TestIssuer>;
export async function createTestIssuer(
  options: TestIssuerOptions & { readonly http?: boolean } = {},
): Promise<TestIssuer> {
  const { algorithm = 'ES256' } = options;
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const kid = randomUUID();
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }] };
  const served = options.http ? await serveIssuer(jwks) : undefined;
  const issuer = served?.issuer ?? options.issuer ?? 'https://issuer.test';
  const audience = options.audience ?? 'service';
  const token = tokenFactory({ issuer, audience, algorithm, kid, privateKey, clock: options.clock ?? systemClock });
  const keys = new LocalIssuerKeys(jwks);
  return { issuer, audience, algorithms: [algorithm], keys, jwks, privateKey, token, ...served };
}

interface TokenDefaults {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithm: SigningAlgorithm;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly clock: Clock;
}

function tokenFactory({ issuer, audience, algorithm, kid, privateKey, clock }: TokenDefaults): TestIssuer['token'] {
  return async ({ header, ...claims } = {}) => {
    const now = clock();
    const defaults = {
      iss: issuer,
      sub: 'user',
      aud: audience,
      client_id: 'client',
      iat: now,
      exp: now + 300,
      jti: randomUUID(),
    };
    return new SignJWT({ ...defaults, ...claims })
      .setProtectedHeader({ alg: algorithm, kid, typ: 'at+jwt', ...header })
      .sign(privateKey);
  };
}
