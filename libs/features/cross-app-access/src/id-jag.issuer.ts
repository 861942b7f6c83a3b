import { emailOf, type FeatureParts } from '@onbehalf/authorization-server';
import { TokenType } from '@onbehalf/oauth-protocol';
import { grantClaims, toIssuedToken, type IssuedToken, type Permit, type TokenIssuer } from '@onbehalf/token-exchange';
import type { CrossAppAccessSettings } from './cross-app-access.schema.js';
import { crossAppGrantOf } from './cross-app-grant.js';

/** The type of an ID-JAG in its header. */
export const ID_JAG = 'oauth-id-jag+jwt';

/** Issues ID-JAGs (identity assertion JWT authorization grants) of what a cross-app grant allows. ID-JAG draft -04 §3, §4.3 */
export class IdJagIssuer implements TokenIssuer {
  readonly types = [TokenType.IdJag];
  readonly issuesFor = 'authorization_server';
  readonly readsResources = true;
  readonly #parts: FeatureParts<CrossAppAccessSettings>;

  constructor(parts: FeatureParts<CrossAppAccessSettings>) {
    this.#parts = parts;
  }

  async issue(permit: Permit): Promise<IssuedToken> {
    const { own, signer, randomId, config } = this.#parts;
    const jwtId = randomId();
    // the rule has seen to it
    const grant = crossAppGrantOf(permit.targets[0]?.edge)!;
    const [resource, ...more] = permit.resources.length > 0 ? permit.resources : grant.resources;
    const claims = {
      ...grantClaims(permit, { issuer: own.issuer, jwtId }, grant, emailOf(config().users, permit.subject)),
      client_id: grant.clientId,
      resource: more.length > 0 ? [resource, ...more] : resource,
    };
    const { signingAlgorithm, scopes } = permit;
    const token = await signer.sign(claims, { typ: ID_JAG, ...(signingAlgorithm && { alg: signingAlgorithm }) });
    return toIssuedToken(permit, { token, jwtId, tokenType: 'N_A', scopes });
  }
}
