import { emailOf, type FeatureParts } from '@onbehalf/authorization-server';
import { TokenType } from '@onbehalf/oauth-protocol';
import {
  grantClaims,
  toIssuedToken,
  type GrantIdentity,
  type IssuedToken,
  type Permit,
  type TokenIssuer,
} from '@onbehalf/token-exchange';
import type { IdentityChainingSettings } from './identity-chaining.schema.js';

const PLAIN: GrantIdentity = { subject: 'sub', claims: [] };

/** Issues JWT authorization grants for the authorization server of another domain. Identity chaining draft -17 §2.3, RFC 7523 §3 */
export class AuthorizationGrantIssuer implements TokenIssuer {
  readonly types = [TokenType.Jwt];
  readonly issuesFor = 'authorization_server';
  readonly #parts: FeatureParts<IdentityChainingSettings>;

  constructor(parts: FeatureParts<IdentityChainingSettings>) {
    this.#parts = parts;
  }

  async issue(permit: Permit): Promise<IssuedToken> {
    const { own, signer, randomId, config } = this.#parts;
    const jwtId = randomId();
    const identity = (permit.targets[0]?.edge?.extensions?.['identityChaining'] ?? PLAIN) as GrantIdentity;
    const email = emailOf(config().users, permit.subject);
    const claims = grantClaims(permit, { issuer: own.issuer, jwtId }, identity, email);
    const { signingAlgorithm, scopes } = permit;
    const token = await signer.sign(claims, { typ: 'JWT', ...(signingAlgorithm && { alg: signingAlgorithm }) });
    return toIssuedToken(permit, { token, jwtId, tokenType: 'N_A', scopes });
  }
}
