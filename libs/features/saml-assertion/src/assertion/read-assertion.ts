import { CLOCK_TOLERANCE, type Addressee, type Assertion } from './assertion.js';
import { rejection } from './assertion-rejection.js';
import { readConditions } from './conditions.js';
import { timeOf } from './saml-time.js';
import { attributeOf, childrenNamed, onlyChild, SAML, textOf } from './xml.js';

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const UNSPECIFIED = 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified';
const ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity';

/**
 * Reads the signed part of an assertion by the rules of RFC 7522 §3.
 * @param root what {@link signedRoot} has returned
 * @param at now, in seconds since the epoch
 * @throws TokenRejection when it is not for this addressee, not now, or says less than it must
 */
export function readAssertion(root: Element, { audiences, recipients }: Addressee, at: number): Assertion {
  const subject = onlyChild(root, SAML, 'Subject');
  const nameId = onlyChild(subject, SAML, 'NameID');
  const name = textOf(nameId);
  if (name.trim() === '') throw rejection('claim', 'The assertion names no subject');
  const conditions = readConditions(onlyChild(root, SAML, 'Conditions'), audiences, at);
  const authentication = readAuthentication(root, at);
  const ends = [confirmedUntil(subject, recipients, at), conditions.expiresAt, authentication.expiresAt];
  return {
    id: attributeOf(root, 'ID')!,
    issuer: issuerOf(root),
    name,
    nameFormat: attributeOf(nameId, 'Format') ?? UNSPECIFIED,
    audiences: conditions.audiences,
    issuedAt: issuedAt(root, at),
    expiresAt: Math.min(...ends.filter((end) => end !== undefined)),
    ...(authentication.authTime !== undefined && { authTime: authentication.authTime }),
    ...(authentication.acr !== undefined && { acr: authentication.acr }),
    attributes: readAttributes(root),
  };
}

/** The entity that has issued the assertion, by its own word. SAML Core §2.2.5. */
export function issuerOf(root: Element): string {
  const issuer = onlyChild(root, SAML, 'Issuer');
  if ((attributeOf(issuer, 'Format') ?? ENTITY) !== ENTITY) throw rejection('issuer', 'The issuer is no entity');
  return textOf(issuer);
}

// SAML Core §2.3.3: required
function issuedAt(root: Element, at: number): number {
  const time = timeOf(root, 'IssueInstant');
  if (time === undefined) throw rejection('claim', 'The assertion does not say when it was issued');
  if (time > at + CLOCK_TOLERANCE) throw rejection('not_yet_valid', 'The assertion is issued in the future');
  return time;
}

/** Until when one of the bearer confirmations holds: RFC 7522 §3, point 5. */
function confirmedUntil(subject: Element, recipients: readonly string[], at: number): number {
  const bearers = childrenNamed(subject, SAML, 'SubjectConfirmation').filter(
    (confirmation) => attributeOf(confirmation, 'Method') === BEARER,
  );
  if (bearers.length === 0) throw rejection('claim', 'The assertion has no bearer confirmation');
  const data = bearers.flatMap((bearer) => childrenNamed(bearer, SAML, 'SubjectConfirmationData'));
  const addressed = data.filter((one) => recipients.includes(attributeOf(one, 'Recipient') ?? ''));
  if (addressed.length === 0)
    throw rejection('audience', 'No bearer confirmation of the assertion is for this recipient');
  const ends = addressed.filter((one) => (timeOf(one, 'NotBefore') ?? 0) <= at + CLOCK_TOLERANCE);
  const end = Math.max(...ends.map((one) => timeOf(one, 'NotOnOrAfter') ?? 0));
  if (!(end > at - CLOCK_TOLERANCE)) throw rejection('expired', 'The bearer confirmation of the assertion has expired');
  return end;
}

interface Authentication {
  readonly authTime?: number | undefined;
  readonly acr?: string | undefined;
  /** When the session of the user ends at the issuer. */
  readonly expiresAt?: number | undefined;
}

/** How the user has authenticated; of several statements the oldest counts, as the weakest. SAML Core §2.7.2. */
function readAuthentication(root: Element, at: number): Authentication {
  const statements = childrenNamed(root, SAML, 'AuthnStatement').map((statement) => ({
    authTime: timeOf(statement, 'AuthnInstant'),
    expiresAt: timeOf(statement, 'SessionNotOnOrAfter'),
    acr: contextOf(statement),
  }));
  const [oldest] = statements.toSorted((one, other) => (one.authTime ?? 0) - (other.authTime ?? 0));
  if (!oldest) return {};
  if (oldest.authTime === undefined) throw rejection('claim', 'The assertion does not say when the user authenticated');
  if (oldest.authTime > at + CLOCK_TOLERANCE) throw rejection('not_yet_valid', 'The user authenticates in the future');
  const ends = statements.map(({ expiresAt }) => expiresAt).filter((end) => end !== undefined);
  if (ends.some((end) => end <= at - CLOCK_TOLERANCE)) throw rejection('expired', 'The session of the user has ended');
  return { ...oldest, expiresAt: ends.length > 0 ? Math.min(...ends) : undefined };
}

function contextOf(statement: Element): string | undefined {
  const context = onlyChild(statement, SAML, 'AuthnContext');
  const classes = childrenNamed(context, SAML, 'AuthnContextClassRef');
  if (classes.length === 0) return undefined;
  const value = textOf(onlyChild(context, SAML, 'AuthnContextClassRef')).trim();
  return value === '' ? undefined : value;
}

function readAttributes(root: Element): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>();
  for (const statement of childrenNamed(root, SAML, 'AttributeStatement')) {
    for (const attribute of childrenNamed(statement, SAML, 'Attribute')) {
      const name = attributeOf(attribute, 'Name');
      if (name === undefined || name === '')
        throw rejection('malformed', 'The assertion has an attribute without a name');
      // which of two counts would be a guess
      if (attributes.has(name)) throw rejection('malformed', 'The assertion has an attribute twice');
      attributes.set(name, childrenNamed(attribute, SAML, 'AttributeValue').map(textOf));
    }
  }
  return attributes;
}
