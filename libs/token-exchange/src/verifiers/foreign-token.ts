import { TokenRejection, type TrustedIssuer, type VerifiedJwt } from '@onbehalf/jwt-verification';
import type { TokenFacts } from '../tokens/token-facts.js';
import { readJwtFacts, requiredText } from './jwt-facts.js';

/** How the subject of a foreign token is known here. */
export interface SubjectMapping {
  /** The claim that names the subject. An `email` counts only when its issuer has verified it, and owns its domain. */
  readonly claim: string;
  /** `account`: the value is that of a local account. `qualified`: the subject is known as `iss#value`. */
  readonly to: 'account' | 'qualified';
  /** The domains of e-mail addresses that the issuer owns, in lower case. Default none. */
  readonly domains?: readonly string[];
  /** The name of the one account that has this value; absent: the value is the name. */
  readonly accountOf?: (value: string) => string | undefined;
}

/** What the word of an issuer is taken for: subject tokens of exchanges, ID-JAGs, or grants by RFC 7523. */
export type IssuerUsage = 'exchange' | 'id-jag' | 'jwt-bearer';

/** An issuer in another domain whose JWTs are accepted. */
export interface ForeignIssuer extends TrustedIssuer {
  /** Accepted values of `typ` in exchanges, without `application/`, in lower case. Default: those of the profile, or `at+jwt`. */
  readonly types?: readonly string[];
  /** Default: `sub`, qualified. */
  readonly subject?: SubjectMapping;
  /** What for. Default `exchange` alone. */
  readonly usages?: readonly IssuerUsage[];
}

const QUALIFIED: SubjectMapping = { claim: 'sub', to: 'qualified' };

/** Those of these issuers whose word is taken for this. */
export function trustedFor(usage: IssuerUsage, issuers: readonly ForeignIssuer[]): readonly ForeignIssuer[] {
  return issuers.filter(({ usages = ['exchange'] }) => usages.includes(usage));
}

/**
 * What a verified token of another issuer says, in the words of this server.
 * @param own this server's issuer identifier
 * @throws TokenRejection also for a token that came from this server, anywhere in its chain
 */
export function readForeignToken(
  claims: VerifiedJwt['claims'],
  { subject = QUALIFIED }: Pick<ForeignIssuer, 'subject'>,
  own: string,
): TokenFacts {
  const facts = readJwtFacts(claims);
  const { issuer } = facts;
  // no other issuer may speak for a party of this server, nor give it back what it gave away
  if (facts.subject.startsWith(`${own}#`) || facts.actors.some(({ iss }) => iss === own)) {
    throw new TokenRejection('claim', 'The token names a party of this server, for which its issuer cannot speak');
  }
  // RFC 8693 §4.1: an actor of another issuer is identified by both
  const actors = facts.actors.map((actor) => ({ iss: issuer, ...actor }));
  return { ...facts, actors, ...subjectOf(claims, subject) };
}

function subjectOf(claims: VerifiedJwt['claims'], mapping: SubjectMapping): Pick<TokenFacts, 'subject' | 'foreign'> {
  const { claim, to, accountOf } = mapping;
  const value = requiredText(claims, claim);
  if (claim === 'email') checkEmail(value, claims, mapping);
  if (to === 'qualified') return { subject: `${claims.iss}#${value}`, foreign: { iss: claims.iss, sub: value } };
  const account = accountOf ? accountOf(value) : value;
  if (account === undefined) throw new TokenRejection('claim', `The token's claim "${claim}" is that of no account`);
  return { subject: account };
}

// an address is whoever's the issuer says it is: only of its own domains, and only once it has asked
function checkEmail(email: string, claims: VerifiedJwt['claims'], { domains = [] }: SubjectMapping): void {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  // OpenID Connect Core §5.1: a boolean
  if (claims['email_verified'] === true && email.includes('@') && domains.includes(domain)) return;
  throw new TokenRejection('claim', 'The e-mail address of the token is not verified, or not one of its issuer');
}
