import type { ExchangeParts, ExchangeRegistration } from '@onbehalf/authorization-server';
import {
  AccessTokenIssuer,
  IdTokenIssuer,
  JwtVerifier,
  OwnAccessTokenVerifier,
  OwnIdTokenVerifier,
} from '@onbehalf/token-exchange';

/** What this server accepts and issues: one line for each, and the only place where it is registered. */
export function exchangeConfig({ own, foreignIssuers, signer, randomId }: ExchangeParts): ExchangeRegistration {
  return {
    verifiers: [new OwnAccessTokenVerifier(own), new OwnIdTokenVerifier(own), new JwtVerifier(own, foreignIssuers)],
    issuers: [
      new AccessTokenIssuer({ issuer: own.issuer, signer, randomId }),
      new IdTokenIssuer({ issuer: own.issuer, signer, randomId }),
    ],
  };
}
