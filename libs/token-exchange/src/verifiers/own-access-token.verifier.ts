import { verifyJwt, type TrustedIssuer, type VerifiedJwt } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import type { TokenFacts } from '../tokens/token-facts.js';
import { readJwtFacts, requireClaims, requireType } from './jwt-facts.js';
import type { TokenVerifier, VerificationContext } from './token-verifier.js';

/** What `typ` says of access tokens for an audience. RFC 9068 §2.1 */
export type AccessTokenType = (audience: string) => 'at+jwt' | 'jwt';

/** Access tokens of this authorization server: JWTs by the profile of RFC 9068. RFC 8693 §3, `access_token`. */
export class OwnAccessTokenVerifier implements TokenVerifier {
  readonly types = [TokenType.AccessToken];
  readonly #issuer: TrustedIssuer;
  readonly #typeOf: AccessTokenType;

  /**
   * @param issuer this authorization server itself
   * @param typeOf what `typ` says of access tokens for an audience; `at+jwt` unless told
   */
  constructor(issuer: TrustedIssuer, typeOf: AccessTokenType = () => 'at+jwt') {
    this.#issuer = issuer;
    this.#typeOf = typeOf;
  }

  async verify(token: string, { at }: VerificationContext): Promise<TokenFacts> {
    return readAccessToken(await verifyJwt(token, { issuers: [this.#issuer], clock: () => at }), this.#typeOf);
  }
}

function isClaimedAsAccess(claims: VerifiedJwt['claims']): boolean {
  return typeof claims['scope'] === 'string' && !['azp', 'nonce', 'at_hash'].some((name) => name in claims);
}

/** What a verified JWT access token says. RFC 9068 §2.1, §2.2. */
export function readAccessToken(verified: VerifiedJwt, typeOf?: AccessTokenType): TokenFacts {
  const plain = [verified.claims.aud ?? []].flat().every((audience) => typeOf?.(audience) === 'jwt');
  // claims tell an access token from an ID token where the type does not
  requireType(verified, plain && isClaimedAsAccess(verified.claims) ? ['at+jwt', 'jwt'] : ['at+jwt']);
  requireClaims(verified.claims, ['sub', 'aud', 'client_id', 'iat', 'jti']);
  return readJwtFacts(verified.claims);
}
