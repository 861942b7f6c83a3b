import { toRfc9068Claims, TokenRejection, type TrustedIssuer, type VerifiedJwt } from '@onbehalf/jwt-verification';
import { ConfigurationError, TokenType } from '@onbehalf/oauth-protocol';
import type { TokenFacts } from '../tokens/token-facts.js';
import { isOtherJwt, isPlainJwt, saysItIsAccessToken } from './access-token-claims.js';
import { readForeignToken, trustedFor, verifyTrusted, type ForeignIssuer } from './foreign-token.js';
import { requireClaims, requireType } from './jwt-facts.js';
import { readAccessToken, type AccessTokenType } from './own-access-token.verifier.js';
import type { TokenVerifier, VerificationContext } from './token-verifier.js';

/**
 * Checks issuers of other domains before their tokens are taken.
 * @param own this authorization server's issuer identifier
 * @throws ConfigurationError when it is among them, whose tokens are taken by other rules, and for an identifier with a fragment, or
 *   of a URL with a query (RFC 8414 §2): subjects known as `iss#sub` would be ambiguous
 */
export function checkForeignIssuers(own: string, foreign: readonly Pick<ForeignIssuer, 'issuer'>[]): void {
  const names = foreign.map((other) => other.issuer);
  const ambiguous = names.find((name, index) => name === own || names.indexOf(name) !== index);
  if (ambiguous !== undefined) throw new ConfigurationError('foreign issuer', ambiguous, 'each other issuer once');
  const malformed = names.find((name) => /#|^https?:.*\?/i.test(name));
  if (malformed === undefined) return;
  const accepted = 'a URI without fragment, and without query when it is a URL';
  throw new ConfigurationError('foreign issuer', malformed, accepted);
}

/** JWTs of this authorization server and of the foreign issuers that it trusts; no other is asked for its keys. RFC 8693 §3, `jwt`. */
export class JwtVerifier implements TokenVerifier {
  readonly types = [TokenType.Jwt];
  readonly #issuer: TrustedIssuer;
  readonly #foreign: readonly ForeignIssuer[];

  /**
   * @param issuer this authorization server itself
   * @param foreign the others, unless what a request is judged by names them
   * @throws ConfigurationError as {@link checkForeignIssuers}
   */
  constructor(
    issuer: TrustedIssuer,
    foreign: readonly ForeignIssuer[] = [],
    private readonly typeOf?: AccessTokenType,
  ) {
    checkForeignIssuers(issuer.issuer, foreign);
    this.#issuer = issuer;
    this.#foreign = foreign;
  }

  async verify(token: string, { at, trusted = this.#foreign }: VerificationContext): Promise<TokenFacts> {
    const others = trustedFor('exchange', trusted);
    const verified = await verifyTrusted(token, { issuers: [this.#issuer, ...others], clock: () => at });
    const foreign = others.find(({ issuer }) => issuer === verified.claims.iss);
    // of its own JWTs the server takes access tokens only: an ID token has a type of its own
    if (!foreign) return readAccessToken(verified, this.typeOf);
    requireType(verified, foreign.types ?? typesOf(foreign));
    requireClaims(verified.claims, foreign.requiredClaims ?? []);
    const claims = foreign.profile ? toRfc9068Claims(token, verified) : readPlain(verified, foreign);
    return readForeignToken(claims, foreign, this.#issuer.issuer);
  }
}

/**
 * The claims of a JWT whose issuer has no profile. An ID token of the same issuer is signed with the same key and may be typed
 * alike: a JWT that its type does not tell apart must do so by its claims. RFC 8725 §3.12
 */
function readPlain(verified: VerifiedJwt, { requiredClaims }: ForeignIssuer): VerifiedJwt['claims'] {
  const { claims } = verified;
  if (!isPlainJwt(verified) || (requiredClaims ? !isOtherJwt(claims) : saysItIsAccessToken(claims))) return claims;
  throw new TokenRejection('type', 'The token does not tell that it is an access token');
}

/** No `typ` counts as `jwt`. RFC 7519 §5.1 */
function typesOf({ profile }: ForeignIssuer): readonly string[] {
  return profile ? profile.types.map((type) => type || 'jwt') : ['at+jwt'];
}
