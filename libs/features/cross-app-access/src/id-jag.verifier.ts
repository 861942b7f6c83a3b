import type { FeatureParts } from '@onbehalf/authorization-server';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  trustedFor,
  verifyGrant,
  type GrantExpectations,
  type TokenFacts,
  type TokenVerifier,
  type VerificationContext,
} from '@onbehalf/token-exchange';
import type { CrossAppAccessSettings } from './cross-app-access.schema.js';
import { ID_JAG } from './id-jag.issuer.js';

/** ID-JAGs of the identity providers that are trusted for them, redeemed by the client that they name. ID-JAG draft -04 §4.4 */
export class IdJagVerifier implements TokenVerifier {
  readonly types = [TokenType.IdJag];
  readonly grantTypes = [GrantType.JwtBearer];
  readonly #expected: GrantExpectations;

  constructor({ own, foreignIssuers, settings }: FeatureParts<CrossAppAccessSettings>) {
    this.#expected = {
      own: own.issuer,
      issuers: trustedFor('id-jag', foreignIssuers),
      types: [ID_JAG],
      requiredClaims: ['client_id', 'jti', 'iat'],
      longestLife: 600,
      reuse: settings.reuse,
    };
  }

  async verify(token: string, context: VerificationContext): Promise<TokenFacts> {
    const { claims, facts } = await verifyGrant(token, context, this.#expected);
    if (facts.clientId !== context.client.clientId) {
      throw new TokenRejection('claim', 'The assertion was issued for another client');
    }
    // what limits it in words that are not understood must not be taken for no limit
    if (claims['authorization_details'] !== undefined) {
      throw new TokenRejection('claim', 'The authorization_details of the assertion are not supported');
    }
    return facts;
  }
}
