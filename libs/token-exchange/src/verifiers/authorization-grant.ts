import { invalidClaim, TokenRejection, type VerifiedJwt } from '@onbehalf/jwt-verification';
import { isAbsoluteUri } from '@onbehalf/oauth-protocol';
import type { GrantLimits, TokenFacts } from '../tokens/token-facts.js';
import { isOtherJwt, isPlainJwt } from './access-token-claims.js';
import { readForeignToken, verifyTrusted, type ForeignIssuer } from './foreign-token.js';
import { requireType } from './jwt-facts.js';
import type { VerificationContext } from './token-verifier.js';

/** What grants of other domains must be like. */
export interface GrantExpectations {
  /** This server's issuer identifier, whom a grant is for. */
  readonly own: string;
  /** Those that are trusted for this. */
  readonly issuers: readonly ForeignIssuer[];
  /** Accepted values of `typ`, in lower case and without `application/`; `jwt` also stands for none. */
  readonly types: readonly string[];
  /** Claims that must be present, beside `iss`, `sub`, `aud` and `exp`. */
  readonly requiredClaims: readonly string[];
  /** The most seconds from now that a grant may live. */
  readonly longestLife: number;
  /** Whether a grant is redeemed once, or until it expires. */
  readonly reuse: 'once' | 'until-expiry';
}

/** A grant that holds, and what it says. */
export interface VerifiedGrant {
  readonly claims: VerifiedJwt['claims'];
  readonly facts: TokenFacts;
}

/**
 * Verifies a JWT by which the server of another domain lets a client of this one have a token. RFC 7523 §3.
 * @throws TokenRejection for every grant that is not for this server alone, or that came from it
 */
export async function verifyGrant(
  token: string,
  { at, client }: Pick<VerificationContext, 'at' | 'client'>,
  expected: GrantExpectations,
): Promise<VerifiedGrant> {
  const { own, issuers, types, reuse, longestLife } = expected;
  const identified = reuse === 'once' ? ['jti'] : [];
  const requiredClaims = ['sub', 'aud', ...identified, ...expected.requiredClaims];
  const verified = await verifyTrusted(token, { issuers, requiredClaims, clock: () => at });
  const { claims } = verified;
  requireType(verified, types);
  if (isPlainJwt(verified) && isOtherJwt(claims)) throw new TokenRejection('type', 'The assertion is no grant');
  const [audience, ...others] = [claims.aud].flat();
  if (audience !== own || others.length > 0) {
    throw new TokenRejection('audience', 'The assertion must be for this server alone');
  }
  // RFC 7523 §3 (4): an exp unreasonably far in the future; it must be remembered until then
  if (claims.exp - at > longestLife) throw new TokenRejection('claim', 'The assertion lives too long');
  const foreign = issuers.find(({ issuer }) => issuer === claims.iss)!;
  const facts: TokenFacts = {
    ...readForeignToken(claims, foreign, own),
    audiences: [client.clientId],
    audienceOf: 'client',
    singleUse: reuse === 'once',
    grant: readLimits(claims),
  };
  return { claims, facts };
}

/** What limits a grant in words that are not understood, and must not be taken for no limit. */
const NOT_UNDERSTOOD = ['authorization_details', 'scp'];

function readLimits(claims: VerifiedJwt['claims']): GrantLimits {
  const other = NOT_UNDERSTOOD.find((name) => claims[name] !== undefined);
  if (other !== undefined) throw new TokenRejection('claim', `The ${other} of the assertion are not supported`);
  const { scope, resource } = claims;
  const resources: readonly unknown[] | undefined = resource === undefined ? undefined : [resource].flat();
  const areUris = resources?.every((uri) => typeof uri === 'string' && isAbsoluteUri(uri)) ?? true;
  if (!areUris || resources?.length === 0) throw invalidClaim('resource');
  return {
    ...(typeof scope === 'string' && { scopes: scope.split(' ') }),
    ...(resources && { resources: resources as readonly string[] }),
  };
}
