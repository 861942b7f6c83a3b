import type { FeatureParts } from '@onbehalf/authorization-server';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  trustedFor,
  verifyGrant,
  type ForeignIssuer,
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
  readonly #expected: Omit<GrantExpectations, 'issuers'>;
  readonly #foreign: readonly ForeignIssuer[];

  constructor({ own, foreignIssuers, settings }: FeatureParts<CrossAppAccessSettings>) {
    this.#foreign = foreignIssuers;
    this.#expected = {
      own: own.issuer,
      types: [ID_JAG],
      requiredClaims: ['client_id', 'jti', 'iat'],
      longestLife: 600,
      reuse: settings.reuse,
    };
  }

  async verify(token: string, context: VerificationContext): Promise<TokenFacts> {
    const issuers = trustedFor('id-jag', context.trusted ?? this.#foreign);
    const { claims, facts } = await verifyGrant(token, context, { ...this.#expected, issuers });
    const { tenant } = issuers.find(({ issuer }) => issuer === claims.iss)!;
    // ID-JAG draft -04 §3.1: of an issuer with several tenants, a subject is one only within its tenant
    if (claims['tenant'] !== tenant) throw new TokenRejection('claim', 'The assertion is of another tenant');
    if (facts.clientId !== context.client.clientId) {
      throw new TokenRejection('claim', 'The assertion was issued for another client');
    }
    return facts;
  }
}
