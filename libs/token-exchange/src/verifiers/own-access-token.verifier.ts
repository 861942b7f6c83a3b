import { verifyJwt, type TrustedIssuer } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import type { TokenFacts, TokenVerifier, VerificationContext } from '../extension-points.js';
import { readJwtFacts, requireType } from './jwt-facts.js';

/** RFC 9068 §2.2 */
export const ACCESS_TOKEN_CLAIMS = ['sub', 'aud', 'client_id', 'iat', 'jti'] as const;

/** Access tokens of this authorization server: JWTs by the profile of RFC 9068. RFC 8693 §3, `access_token`. */
export class OwnAccessTokenVerifier implements TokenVerifier {
  readonly types = [TokenType.AccessToken];
  readonly #issuer: TrustedIssuer;

  /** @param issuer this authorization server itself */
  constructor(issuer: TrustedIssuer) {
    this.#issuer = issuer;
  }

  async verify(token: string, { at }: VerificationContext): Promise<TokenFacts> {
    const verified = await verifyJwt(token, {
      issuers: [this.#issuer],
      requiredClaims: ACCESS_TOKEN_CLAIMS,
      clock: () => at,
    });
    requireType(verified, ['at+jwt']);
    return readJwtFacts(verified.claims);
  }
}
