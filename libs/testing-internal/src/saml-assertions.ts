import type { KeyObject } from 'node:crypto';
import { SignedXml } from 'xml-crypto';

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';

/** What an assertion says; what is left out is as it should be. Times are seconds from `now`. */
export interface AssertionContent {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly id?: string;
  readonly issuer: string;
  readonly name?: string;
  readonly nameId?: string;
  readonly audience: string;
  readonly recipient: string;
  readonly method?: string;
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

/** How an assertion is signed; what is left out is as it should be. */
export interface AssertionSigning {
  readonly key: KeyObject;
  readonly algorithm?: string;
  readonly digest?: string;
  readonly transforms?: readonly string[];
  readonly emptyUri?: boolean;
  readonly keyInfo?: string;
  readonly canonicalization?: string;
}

/** An assertion without a signature. */
export function unsignedAssertion(content: AssertionContent): string {
  const { id = '_a', issuer, name = 'alice', version = '2.0' } = content;
  const { audience, recipient, method = 'urn:oasis:names:tc:SAML:2.0:cm:bearer' } = content;
  const time = (seconds: number) => new Date((content.now + seconds) * 1000).toISOString();
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
export function signAssertion(xml: string, signing: AssertionSigning): string {
  const { key, algorithm = RSA_SHA256, digest = SHA256, transforms = [ENVELOPED, EXCLUSIVE] } = signing;
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
