import { TokenType } from '@onbehalf/oauth-protocol';
import type { Permit } from '../decision/decide.js';
import type { JwtIssuerOptions } from './access-token.issuer.js';
import { exchangeClaims, toIssuedToken } from './exchange-claims.js';
import type { IssuedToken } from './issued-token.js';
import type { TokenIssuer } from './token-issuer.js';

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
