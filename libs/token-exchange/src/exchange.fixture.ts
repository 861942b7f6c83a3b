import { randomUUID } from 'node:crypto';
import type { TrustedIssuer } from '@onbehalf/jwt-verification';
import { systemClock } from '@onbehalf/oauth-protocol';
import { SignJWT, type CryptoKey, type JSONWebKeySet } from 'jose';
import {
  AccessTokenIssuer,
  authenticatedClient,
  IdTokenIssuer,
  JwtVerifier,
  OwnAccessTokenVerifier,
  OwnIdTokenVerifier,
  RegisteredPolicy,
  standardRules,
  TokenExchange,
  type Account,
  type AuthenticatedClient,
  type ForeignIssuer,
  type PolicyRegistrations,
  type TokenExchangeOptions,
  type TokenSigner,
} from './index.js';

/** An issuer that holds its private key. */
export interface SigningIssuer extends TrustedIssuer {
  readonly jwks: JSONWebKeySet;
  readonly privateKey: CryptoKey;
}

/** What an exchange under test is made of, beside its registrations. */
export interface Surroundings extends Partial<TokenExchangeOptions> {
  readonly accounts?: Readonly<Record<string, Account>>;
  readonly revoked?: readonly string[];
  readonly foreign?: readonly ForeignIssuer[];
}

export function signerOf({ jwks, privateKey, algorithms }: SigningIssuer): TokenSigner {
  return {
    sign: (claims, header) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: algorithms[0] ?? '', kid: jwks.keys[0]?.kid ?? '', ...header })
        .sign(privateKey),
  };
}

/** An exchange with every verifier, rule and issuer of this library and with real keys. */
export function createExchange(
  server: SigningIssuer,
  registrations: PolicyRegistrations,
  { accounts = {}, revoked = [], foreign = [], ...options }: Surroundings = {},
): TokenExchange {
  const jwt = { issuer: server.issuer, signer: signerOf(server), randomId: randomUUID };
  return new TokenExchange({
    issuer: server.issuer,
    policy: new RegisteredPolicy(registrations),
    state: {
      isRevoked: (_issuer, jwtId) => Promise.resolve(revoked.includes(jwtId)),
      account: (subject) => Promise.resolve(Object.hasOwn(accounts, subject) ? accounts[subject] : undefined),
    },
    verifiers: [new OwnAccessTokenVerifier(server), new OwnIdTokenVerifier(server), new JwtVerifier(server, foreign)],
    rules: standardRules,
    issuers: [new AccessTokenIssuer(jwt), new IdTokenIssuer(jwt)],
    clock: systemClock,
    foreignIssuers: foreign.map(({ issuer }) => issuer),
    ...options,
  });
}

/** The registered client, as if it had authenticated. */
export function clientOf({ clients }: PolicyRegistrations, clientId: string): AuthenticatedClient {
  const registration = clients.find((client) => client.clientId === clientId);
  if (!registration) throw new Error(`no client ${clientId}`);
  return authenticatedClient(registration);
}
