import {
  TokenRejection,
  toRfc9068Claims,
  verifyJwt,
  type TrustedIssuer,
  type VerifiedJwt,
} from '@onbehalf/jwt-verification';
import { ConfigurationError, TokenType } from '@onbehalf/oauth-protocol';
import type { TokenFacts } from '../tokens/token-facts.js';
import { readJwtFacts, requiredText, requireType } from './jwt-facts.js';
import { readAccessToken, type AccessTokenType } from './own-access-token.verifier.js';
import type { TokenVerifier, VerificationContext } from './token-verifier.js';

/** How the subject of a foreign token is known here. */
export interface SubjectMapping {
  /** The claim that names the subject. */
  readonly claim: string;
  /** `account`: the value is the name of a local account. `qualified`: the subject is known as `iss#value`. */
  readonly to: 'account' | 'qualified';
}

/** An issuer in another domain whose JWTs are accepted. */
export interface ForeignIssuer extends TrustedIssuer {
  /** Accepted values of `typ`, without `application/`, in lower case. Default: those of the profile, or `at+jwt`. */
  readonly types?: readonly string[];
  /** Default: `sub`, qualified. */
  readonly subject?: SubjectMapping;
}

const QUALIFIED: SubjectMapping = { claim: 'sub', to: 'qualified' };

/** JWTs of this authorization server and of the foreign issuers that it trusts; no other is asked for its keys. RFC 8693 §3, `jwt`. */
export class JwtVerifier implements TokenVerifier {
  readonly types = [TokenType.Jwt];
  readonly #issuer: TrustedIssuer;
  readonly #foreign: readonly ForeignIssuer[];

  /**
   * @param issuer this authorization server itself
   * @throws ConfigurationError when it is among the foreign ones, whose tokens are taken by other rules, and for an identifier
   *   with a query or a fragment (RFC 8414 §2): subjects known as `iss#sub` would be ambiguous
   */
  constructor(
    issuer: TrustedIssuer,
    foreign: readonly ForeignIssuer[] = [],
    private readonly typeOf?: AccessTokenType,
  ) {
    const names = foreign.map((other) => other.issuer);
    const ambiguous = names.find((name, index) => name === issuer.issuer || names.indexOf(name) !== index);
    if (ambiguous !== undefined) throw new ConfigurationError('foreign issuer', ambiguous, 'each other issuer once');
    const malformed = names.find((name) => /[?#]/.test(name));
    if (malformed !== undefined) {
      throw new ConfigurationError('foreign issuer', malformed, 'a URL without query and fragment');
    }
    this.#issuer = issuer;
    this.#foreign = foreign;
  }

  async verify(token: string, { at }: VerificationContext): Promise<TokenFacts> {
    const verified = await verifyJwt(token, { issuers: [this.#issuer, ...this.#foreign], clock: () => at });
    const foreign = this.#foreign.find(({ issuer }) => issuer === verified.claims.iss);
    // of its own JWTs the server takes access tokens only: an ID token has a type of its own
    if (!foreign) return readAccessToken(verified, this.typeOf);
    requireType(verified, foreign.types ?? typesOf(foreign));
    const claims = foreign.profile ? toRfc9068Claims(token, verified) : verified.claims;
    return readForeign(claims, foreign, this.#issuer.issuer);
  }
}

/** No `typ` counts as `jwt`. RFC 7519 §5.1 */
function typesOf({ profile }: ForeignIssuer): readonly string[] {
  return profile ? profile.types.map((type) => type || 'jwt') : ['at+jwt'];
}

function readForeign(claims: VerifiedJwt['claims'], { subject = QUALIFIED }: ForeignIssuer, own: string): TokenFacts {
  const facts = readJwtFacts(claims);
  const { issuer } = facts;
  // no other issuer may speak for a party of this server
  if (facts.actors.some(({ iss }) => iss === own)) {
    throw new TokenRejection('claim', 'The token names an actor of this server, for which its issuer cannot speak');
  }
  const name = requiredText(claims, subject.claim);
  // RFC 8693 §4.1: an actor of another issuer is identified by both
  const actors = facts.actors.map((actor) => ({ iss: issuer, ...actor }));
  return subject.to === 'account'
    ? { ...facts, actors, subject: name }
    : { ...facts, actors, subject: `${issuer}#${name}`, foreign: { iss: issuer, sub: name } };
}
