import { TokenType } from '@onbehalf/oauth-protocol';
import {
  exchangeClaims,
  toIssuedToken,
  type IssuedToken,
  type JwtIssuerOptions,
  type Permit,
  type TokenIssuer,
} from '@onbehalf/token-exchange';

/** Issues ID tokens to the target, where an edge allows it. OpenID Connect Core §2. No access token, hence `N_A`. */
export class IdTokenIssuer implements TokenIssuer {
  readonly types = [TokenType.IdToken];
  readonly #options: JwtIssuerOptions;

  constructor(options: JwtIssuerOptions) {
    this.#options = options;
  }

  async issue(permit: Permit): Promise<IssuedToken> {
    const { issuer, signer, randomId } = this.#options;
    const jwtId = randomId();
    const claims = { ...exchangeClaims(permit, issuer, jwtId), azp: permit.clientId };
    const { signingAlgorithm } = permit;
    const token = await signer.sign(claims, { typ: 'JWT', ...(signingAlgorithm && { alg: signingAlgorithm }) });
    return toIssuedToken(permit, { token, jwtId, tokenType: 'N_A', scopes: [] });
  }
}
