import { TokenRejection, verifyJwt, type TrustedIssuer } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import {
  readJwtFacts,
  requireClaims,
  requireType,
  type TokenFacts,
  type TokenVerifier,
  type VerificationContext,
} from '@onbehalf/token-exchange';

/**
 * ID tokens of this authorization server. They speak to the client that they were issued to, which must be the one that
 * presents them. OpenID Connect Core §2, §3.1.3.7; RFC 8693 §3, `id_token`.
 */
export class OwnIdTokenVerifier implements TokenVerifier {
  readonly types = [TokenType.IdToken];
  readonly #issuer: TrustedIssuer;

  /** @param issuer this authorization server itself */
  constructor(issuer: TrustedIssuer) {
    this.#issuer = issuer;
  }

  async verify(token: string, { at, client }: VerificationContext): Promise<TokenFacts> {
    const verified = await verifyJwt(token, { issuers: [this.#issuer], clock: () => at });
    requireType(verified, ['jwt']);
    requireClaims(verified.claims, ['sub', 'aud', 'iat']);
    const facts = readJwtFacts(verified.claims);
    const { azp } = verified.claims;
    // OpenID Connect Core §3.1.3.7: of several audiences the authorized party must be told, and must be the client
    if (azp === undefined ? facts.audiences.length > 1 : azp !== client.clientId) {
      throw new TokenRejection('audience', 'The ID token was issued to another client');
    }
    return { ...facts, audienceOf: 'client', scopes: [] };
  }
}
