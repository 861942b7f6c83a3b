import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createTestCertificate } from '@onbehalf/testing-internal';
import { SignedXml } from 'xml-crypto';
import { parse } from 'yaml';
import { metadataSection } from './metadata-section.js';
import { readMetadata } from './read-metadata.js';

const signer = generateKeyPairSync('rsa', { modulusLength: 2048 });
const [first, second, other] = ['first', 'second', 'other'].map((name) =>
  createTestCertificate(name).certificate.replace(/-----[A-Z ]+-----|\s/g, ''),
) as [string, string, string];

const key = (certificate: string, use?: string) =>
  `<md:KeyDescriptor${use === undefined ? '' : ` use="${use}"`}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>\n${certificate}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`;

function metadata(keys: string, role = 'IDPSSODescriptor'): string {
  return (
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="_m" entityID="urn:example:idp" validUntil="2030-01-01T00:00:00Z">' +
    `<md:${role} protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys}` +
    `<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat></md:${role}></md:EntityDescriptor>`
  );
}

function sign(xml: string): string {
  const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#';
  const signed = new SignedXml({
    privateKey: signer.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: exclusive,
  });
  signed.addReference({
    xpath: '/*',
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', exclusive],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  });
  signed.computeSignature(xml, { prefix: 'ds', location: { reference: '/*', action: 'prepend' } });
  return signed.getSignedXml();
}

describe('SAML Metadata §2.4.3: an identity provider', () => {
  it('is read with every signing key, its formats and how long the file holds', () => {
    const read = readMetadata(metadata(key(first, 'signing') + key(second) + key(other, 'encryption')));
    expect(read.entityId).toBe('urn:example:idp');
    expect(read.certificates.map((pem) => pem.replace(/-----[A-Z ]+-----|\s/g, ''))).toEqual([first, second]);
    expect(read.nameIdFormats).toEqual(['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']);
    expect(read.validUntil).toBe('2030-01-01T00:00:00Z');
  });

  it('becomes a section of the configuration file, in which what is missing is named', () => {
    const section = metadataSection(readMetadata(metadata(key(first))), Date.now());
    const { samlAssertion } = parse(section) as { samlAssertion: { issuers: { entityId: string; keys: string[] }[] } };
    expect(samlAssertion.issuers[0]).toMatchObject({
      entityId: 'urn:example:idp',
      keys: [expect.stringContaining('BEGIN')],
    });
    expect(section).toContain('# valid until 2030-01-01T00:00:00Z');
    expect(section).toContain('FILL_IN');
  });

  it('says when a certificate has ended, and takes its key all the same', () => {
    expect(metadataSection(readMetadata(metadata(key(first))), Date.parse('2200-01-01'))).toContain(
      '# a certificate ended',
    );
  });

  it('is believed with a signature of the given key only', () => {
    const signed = sign(metadata(key(first)));
    expect(readMetadata(signed, signer.publicKey).certificates).toHaveLength(1);
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    expect(() => readMetadata(signed, stranger)).toThrow('The signature');
    expect(() => readMetadata(signed.replace(first, second), signer.publicKey)).toThrow('The signature');
    expect(() => readMetadata(metadata(key(first)), signer.publicKey)).toThrow('is not signed');
  });

  it.each([
    ['a service provider', metadata(key(first), 'SPSSODescriptor')],
    ['no key', metadata('')],
    ['no certificate', metadata(key('AAAA'))],
    ['a DOCTYPE', `<!DOCTYPE x>${metadata(key(first))}`],
    ['something else', '<x/>'],
    ['no XML', 'x'],
  ])('is not %s', (_, text) => {
    expect(() => readMetadata(text)).toThrow(/The (file|identity provider|assertion)/);
  });
});
