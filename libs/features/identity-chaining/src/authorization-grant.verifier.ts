import type { FeatureParts } from '@onbehalf/authorization-server';
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
import type { IdentityChainingSettings } from './identity-chaining.schema.js';

/** JWT authorization grants of the issuers that are trusted for them. Access tokens and ID-JAGs have types of their own. RFC 7523 §3 */
export class AuthorizationGrantVerifier implements TokenVerifier {
  readonly types = [TokenType.Jwt];
  readonly grantTypes = [GrantType.JwtBearer];
  readonly #expected: Omit<GrantExpectations, 'issuers'>;
  readonly #foreign: readonly ForeignIssuer[];

  constructor({ own, foreignIssuers, settings }: FeatureParts<IdentityChainingSettings>) {
    this.#foreign = foreignIssuers;
    this.#expected = {
      own: own.issuer,
      types: ['jwt', 'authorization-grant+jwt'],
      requiredClaims: [],
      longestLife: 3600,
      reuse: settings.reuse,
    };
  }

  async verify(token: string, context: VerificationContext): Promise<TokenFacts> {
    const issuers = trustedFor('jwt-bearer', context.trusted ?? this.#foreign);
    return (await verifyGrant(token, context, { ...this.#expected, issuers })).facts;
  }
}
