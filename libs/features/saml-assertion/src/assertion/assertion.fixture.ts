import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import type { Assertion } from './assertion.js';
import { verifyAssertion } from './verify-assertion.js';

export const ISSUER = 'urn:example:legacy-idp';
export const AUDIENCE = 'https://legacy.example/metadata';
export const RECIPIENT = 'https://legacy.example/acs';
/** Seconds since the epoch. */
export const NOW = 1_800_000_000;

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

export interface Content {
  readonly id?: string;
  readonly issuer?: string;
  readonly name?: string;
  readonly nameId?: string;
  readonly audience?: string;
  readonly recipient?: string;
  readonly method?: string;
  /** Seconds from now. */
  readonly notBefore?: number;
  readonly notOnOrAfter?: number;
  readonly confirmed?: number;
  readonly confirmedFrom?: number;
  readonly sessionEnd?: number;
  readonly conditions?: string;
  readonly extra?: string;
  readonly attributes?: string;
  readonly version?: string;
}

export interface Signing {
  readonly key?: KeyObject;
  readonly algorithm?: string;
  readonly digest?: string;
  readonly transforms?: readonly string[];
  readonly emptyUri?: boolean;
  readonly keyInfo?: string;
  readonly canonicalization?: string;
}

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const PUBLIC_KEY = keys.publicKey;
export const PRIVATE_KEY = keys.privateKey;

export function time(seconds: number): string {
  return new Date((NOW + seconds) * 1000).toISOString();
}

/** An assertion without a signature. */
export function unsigned(content: Content = {}): string {
  const { id = '_a', issuer = ISSUER, name = 'alice', version = '2.0' } = content;
  const { audience = AUDIENCE, recipient = RECIPIENT, method = 'urn:oasis:names:tc:SAML:2.0:cm:bearer' } = content;
  const { notBefore = -10, notOnOrAfter = 300, confirmed = 300, confirmedFrom, sessionEnd } = content;
  const nameId = content.nameId ?? `<saml:NameID>${name}</saml:NameID>`;
  const from = confirmedFrom === undefined ? '' : ` NotBefore="${time(confirmedFrom)}"`;
  const session = sessionEnd === undefined ? '' : ` SessionNotOnOrAfter="${time(sessionEnd)}"`;
  return (
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="${version}" IssueInstant="${time(0)}">` +
    `<saml:Issuer>${issuer}</saml:Issuer><saml:Subject>${nameId}<saml:SubjectConfirmation Method="${method}">` +
    `<saml:SubjectConfirmationData${from} NotOnOrAfter="${time(confirmed)}" Recipient="${recipient}"/></saml:SubjectConfirmation></saml:Subject>` +
    `<saml:Conditions NotBefore="${time(notBefore)}" NotOnOrAfter="${time(notOnOrAfter)}">` +
    `<saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction>${content.conditions ?? ''}</saml:Conditions>` +
    `<saml:AuthnStatement AuthnInstant="${time(-60)}"${session}><saml:AuthnContext><saml:AuthnContextClassRef>` +
    'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>' +
    (content.attributes === undefined
      ? ''
      : `<saml:AttributeStatement>${content.attributes}</saml:AttributeStatement>`) +
    `${content.extra ?? ''}</saml:Assertion>`
  );
}

/** Signs what is given as identity providers do: behind the issuer, over the root. */
export function sign(xml: string, signing: Signing = {}): string {
  const { key = PRIVATE_KEY, algorithm = RSA_SHA256, digest = SHA256, transforms = [ENVELOPED, EXCLUSIVE] } = signing;
  const signer = new SignedXml({
    privateKey: key.export({ format: 'pem', type: 'pkcs8' }),
    ...(signing.keyInfo !== undefined && { publicCert: signing.keyInfo }),
    signatureAlgorithm: algorithm,
    canonicalizationAlgorithm: signing.canonicalization ?? EXCLUSIVE,
  });
  signer.addReference({
    xpath: '/*',
    transforms: transforms,
    digestAlgorithm: digest,
    isEmptyUri: signing.emptyUri ?? false,
  });
  const location = { reference: "/*/*[local-name(.)='Issuer']", action: 'after' } as const;
  signer.computeSignature(xml, { prefix: 'ds', location });
  return signer.getSignedXml();
}

export function signed(content: Content = {}, signing: Signing = {}): string {
  return sign(unsigned(content), signing);
}

export function encode(xml: string): string {
  return Buffer.from(xml).toString('base64url');
}

/** Verifies as a client of {@link ISSUER} would have it verified. */
export function verify(encoded: string, keysOfIssuer: readonly KeyObject[] = [PUBLIC_KEY]): Assertion {
  const issuer = { keys: keysOfIssuer, audiences: [AUDIENCE], recipients: [RECIPIENT] };
  return verifyAssertion(encoded, (entityId) => (entityId === ISSUER ? issuer : undefined), NOW);
}

/** What a signature looks like inside of an assertion. */
export function signatureIn(xml: string): string {
  return /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(xml)![0];
}
