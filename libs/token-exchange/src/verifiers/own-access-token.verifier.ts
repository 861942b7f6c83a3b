import { verifyJwt, type TrustedIssuer, type VerifiedJwt } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import type { TokenFacts } from '../tokens/token-facts.js';
import { readJwtFacts, requireClaims, requireType } from './jwt-facts.js';
import type { TokenVerifier, VerificationContext } from './token-verifier.js';

/** Access tokens of this authorization server: JWTs by the profile of RFC 9068. RFC 8693 §3, `access_token`. */
export class OwnAccessTokenVerifier implements TokenVerifier {
  readonly types = [TokenType.AccessToken];
  readonly #issuer: TrustedIssuer;

  /** @param issuer this authorization server itself */
  constructor(issuer: TrustedIssuer) {
    this.#issuer = issuer;
  }

  async verify(token: string, { at }: VerificationContext): Promise<TokenFacts> {
    return readAccessToken(await verifyJwt(token, { issuers: [this.#issuer], clock: () => at }));
  }
}

/** What a verified JWT access token says. RFC 9068 §2.1, §2.2. */
export function readAccessToken(verified: VerifiedJwt): TokenFacts {
  requireType(verified, ['at+jwt']);
  requireClaims(verified.claims, ['sub', 'aud', 'client_id', 'iat', 'jti']);
  return readJwtFacts(verified.claims);
}
