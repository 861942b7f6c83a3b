import {
  TokenRejection,
  verifyJwt,
  type JwtExpectations,
  type RejectionCode,
  type TrustedIssuer,
  type VerifiedJwt,
} from '@onbehalf/jwt-verification';
import { asciiLowerCase, type Actor } from '@onbehalf/oauth-protocol';
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

/** What the word of an issuer is taken for: subject tokens of exchanges, ID-JAGs, grants by RFC 7523, or which workload a client is. */
export type IssuerUsage = 'exchange' | 'id-jag' | 'jwt-bearer' | 'workload';

/** An issuer in another domain whose JWTs are accepted. */
export interface ForeignIssuer extends TrustedIssuer {
  /** Accepted values of `typ` in exchanges, without `application/`, in lower case. Default: those of the profile, or `at+jwt`. */
  readonly types?: readonly string[];
  /**
   * Claims that its subject tokens have and its other JWTs have not. Where neither the type nor a profile tells these apart, a
   * subject token must have `client_id` or `scope` unless this says what else.
   */
  readonly requiredClaims?: readonly string[];
  /** Which of its tenants is trusted, by the claim `tenant` of ID-JAGs; absent: it has none. */
  readonly tenant?: string;
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

/** What is wrong with a token that nobody who is trusted has signed. */
const UNSIGNED: readonly RejectionCode[] = ['issuer', 'algorithm', 'critical', 'unknown_key', 'signature'];

/**
 * Verifies a JWT of one of these issuers. Whoever has no signature of any of them learns nothing about whom this server trusts.
 * @throws TokenRejection whose `cause` says for the record what the message does not
 * @throws KeysUnavailable when the issuer's keys cannot be had now
 */
export async function verifyTrusted(token: string, expected: Omit<JwtExpectations, 'types'>): Promise<VerifiedJwt> {
  try {
    return await verifyJwt(token, expected);
  } catch (cause) {
    if (!(cause instanceof TokenRejection && UNSIGNED.includes(cause.code))) throw cause;
    throw new TokenRejection(cause.code, 'No issuer that is trusted for this has signed it', { cause });
  }
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
  const named = requiredText(claims, subject.claim);
  // no other issuer may speak for a party of this server, nor give it back what it gave away, over however many others
  const parties = [facts.impersonation, ...facts.actors, { sub: facts.subject }, { sub: named }];
  if (parties.some((party) => isOf(own, party))) {
    throw new TokenRejection('claim', 'The token names a party of this server, for which its issuer cannot speak');
  }
  // RFC 8693 §4.1: an actor of another issuer is identified by both
  const actors = facts.actors.map((actor) => ({ iss: issuer, ...actor }));
  return { ...facts, actors, ...subjectOf(named, claims, subject) };
}

// whatever has passed several servers is named by all of them: iss#iss#sub
function isOf(server: string, party: Pick<Actor, 'iss' | 'sub'> | undefined): boolean {
  return party !== undefined && (party.iss === server || party.sub.split('#').includes(server));
}

function subjectOf(
  value: string,
  claims: VerifiedJwt['claims'],
  { claim, to, accountOf, domains }: SubjectMapping,
): Pick<TokenFacts, 'subject' | 'foreign'> {
  if (claim === 'email') checkEmail(value, claims, domains);
  if (to === 'qualified') return { subject: `${claims.iss}#${value}`, foreign: { iss: claims.iss, sub: value } };
  const account = accountOf ? accountOf(value) : value;
  if (account === undefined) throw new TokenRejection('claim', `The token's claim "${claim}" is that of no account`);
  return { subject: account };
}

// an address is whoever's the issuer says it is: only of its own domains, and only once it has asked
function checkEmail(email: string, claims: VerifiedJwt['claims'], domains: readonly string[] = []): void {
  const domain = asciiLowerCase(email.slice(email.lastIndexOf('@') + 1));
  // OpenID Connect Core §5.1: a boolean
  if (claims['email_verified'] === true && email.includes('@') && domains.includes(domain)) return;
  throw new TokenRejection('claim', 'The e-mail address of the token is not verified, or not one of its issuer');
}
