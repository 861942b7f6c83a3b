import { X509Certificate, type KeyObject } from 'node:crypto';
import { rejection } from '../assertion/assertion-rejection.js';
import { signedRoot } from '../assertion/signed-root.js';
import { checkText } from '../assertion/assertion-text.js';
import { signatureOver } from '../assertion/signature-shape.js';
import { attributeOf, childrenNamed, DSIG, isNamed, parseXml, textOf } from '../assertion/xml.js';

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';

/** What a metadata file says of an identity provider. SAML Metadata §2.4.3 */
export interface IdentityProviderMetadata {
  readonly entityId: string;
  /** The certificates of its signing keys, as PEM. */
  readonly certificates: readonly string[];
  /** Formats of NameID that it knows. */
  readonly nameIdFormats: readonly string[];
  /** When the file must be read again. */
  readonly validUntil?: string;
}

/**
 * Reads the metadata of one identity provider.
 * @param file an EntityDescriptor, without DOCTYPE
 * @param key whose signature the file must bear; absent: it is believed as it is
 * @throws TokenRejection when it is something else, or is not signed by the key
 */
export function readMetadata(file: string, key?: KeyObject): IdentityProviderMetadata {
  const text = checkText(file);
  const unverified = parseXml(text);
  const root = key ? signedRoot(text, signatureOver(unverified, 0), [key]) : unverified;
  if (!isNamed(root, METADATA, 'EntityDescriptor')) throw rejection('type', 'The file is no EntityDescriptor');
  const entityId = attributeOf(root, 'entityID');
  const [provider] = childrenNamed(root, METADATA, 'IDPSSODescriptor').filter((role) =>
    (attributeOf(role, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL),
  );
  if (!entityId || !provider) throw rejection('type', 'The file describes no SAML 2.0 identity provider');
  const certificates = childrenNamed(provider, METADATA, 'KeyDescriptor')
    .filter((descriptor) => (attributeOf(descriptor, 'use') ?? 'signing') === 'signing')
    .flatMap(certificatesOf);
  if (certificates.length === 0) throw rejection('claim', 'The identity provider has no signing certificate');
  const validUntil = attributeOf(root, 'validUntil');
  return {
    entityId,
    certificates: [...new Set(certificates)],
    nameIdFormats: childrenNamed(provider, METADATA, 'NameIDFormat').map((format) => textOf(format).trim()),
    ...(validUntil !== undefined && { validUntil }),
  };
}

function certificatesOf(descriptor: Element): string[] {
  return childrenNamed(descriptor, DSIG, 'KeyInfo')
    .flatMap((keyInfo) => childrenNamed(keyInfo, DSIG, 'X509Data'))
    .flatMap((data) => childrenNamed(data, DSIG, 'X509Certificate'))
    .map((certificate) => toPem(textOf(certificate)));
}

function toPem(base64: string): string {
  try {
    return new X509Certificate(Buffer.from(base64.replace(/\s/g, ''), 'base64')).toString();
  } catch (error) {
    throw rejection('malformed', 'The file holds a certificate that cannot be read', error);
  }
}
