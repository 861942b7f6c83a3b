import { formatScope, TokenType } from '@onbehalf/oauth-protocol';
import type { Permit } from '../decision/decide.js';
import { exchangeClaims, toIssuedToken } from './exchange-claims.js';
import type { IssuedToken } from './issued-token.js';
import type { TokenIssuer, TokenSigner } from './token-issuer.js';

/** What an issuer of JWTs needs. */
export interface JwtIssuerOptions {
  /** The authorization server's own issuer identifier. */
  readonly issuer: string;
  readonly signer: TokenSigner;
  /** A fresh identifier for each token, not to be guessed. */
  readonly randomId: () => string;
}

/** Issues JWT access tokens. RFC 9068 §2; asked for as `access_token` or as `jwt` they are the same token. */
export class AccessTokenIssuer implements TokenIssuer {
  readonly types = [TokenType.AccessToken, TokenType.Jwt];
  readonly #options: JwtIssuerOptions;

  constructor(options: JwtIssuerOptions) {
    this.#options = options;
  }

  /**
   * Signs an access token for what was permitted.
   * @throws TypeError for what is no permit
   */
  async issue(permit: Permit): Promise<IssuedToken> {
    const { issuer, signer, randomId } = this.#options;
    const jwtId = permit.tokenId ?? randomId();
    const { clientId, scopes, confirmation, signingAlgorithm } = permit;
    const typ = permit.typ === 'jwt' ? 'JWT' : permit.typ;
    const claims = {
      ...exchangeClaims(permit, issuer, jwtId),
      // RFC 8693 §4.3: the client that requested the token
      client_id: clientId,
      scope: formatScope(scopes),
    };
    const token = await signer.sign(claims, { typ, ...(signingAlgorithm && { alg: signingAlgorithm }) });
    // RFC 9449 §5
    const tokenType = confirmation.jkt === undefined ? 'Bearer' : 'DPoP';
    return toIssuedToken(permit, { token, jwtId, tokenType, scopes });
  }
}
