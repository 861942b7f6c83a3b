import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { requirement } from '@onbehalf/testing-internal';
import { TokenRejection } from '@onbehalf/jwt-verification';
import {
  AUDIENCE,
  encode,
  ISSUER,
  NOW,
  PUBLIC_KEY,
  sign,
  signed,
  time,
  unsigned,
  verify,
  type Content,
} from './assertion.fixture.js';

const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';

function refusal(encoded: string): TokenRejection {
  try {
    verify(encoded);
  } catch (error) {
    expect(error).toBeInstanceOf(TokenRejection);
    return error as TokenRejection;
  }
  throw new Error('The assertion was accepted');
}

describe('what an assertion says', () => {
  it('is read from the signed part: subject, issuer, audience, times, context', () => {
    expect(verify(encode(signed()))).toMatchObject({
      id: '_a',
      issuer: ISSUER,
      name: 'alice',
      nameFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
      audiences: [AUDIENCE],
      issuedAt: NOW,
      expiresAt: NOW + 300,
      authTime: NOW - 60,
      acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    });
  });

  it.each<[string, Content, number]>([
    ['the conditions', { notOnOrAfter: 100 }, 100],
    ['the confirmation', { confirmed: 90 }, 90],
    ['the session', { sessionEnd: 80 }, 80],
  ])('ends at the earliest of its ends: %s', (_, content, end) => {
    expect(verify(encode(signed(content))).expiresAt).toBe(NOW + end);
  });

  it('has attributes by name, each with all its values', () => {
    const attributes =
      '<saml:Attribute Name="mail"><saml:AttributeValue>a@example.com</saml:AttributeValue></saml:Attribute>' +
      '<saml:Attribute Name="roles"><saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>';
    const read = verify(encode(signed({ attributes }))).attributes;
    expect([...read]).toEqual([
      ['mail', ['a@example.com']],
      ['roles', ['a', 'b']],
    ]);
  });

  it('is the whole name, comments and CDATA sections notwithstanding', () => {
    expect(verify(encode(signed({ name: 'admin<!-- -->.alice' }))).name).toBe('admin.alice');
    expect(verify(encode(signed().replace('>alice<', '><![CDATA[alice]]><'))).name).toBe('alice');
  });
});

describe('RFC 8693 §3: the encoding of an assertion', () => {
  const bytes = Buffer.from(signed({ name: 'ålice>?'.replace('>', '&gt;') }));
  it.each([
    ['base64url', bytes.toString('base64url')],
    [
      'base64url, padded',
      `${bytes.toString('base64url')}${'='.repeat((4 - (bytes.toString('base64url').length % 4)) % 4)}`,
    ],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace(/=+$/, '')],
  ])('may be %s', (_, encoded) => {
    expect(verify(encoded).name).toBe('ålice>?');
  });

  it.each([
    ['both alphabets in one value', 'PHNhbWw-PD94+w'],
    ['white space', `${encode(signed()).slice(0, 8)} ${encode(signed()).slice(8)}`],
    ['a line break', `${encode(signed())}\n`],
    ['XML itself', signed()],
    ['nothing', ''],
    ['a dot', `${encode(signed())}.x`],
  ])('must not be %s', (_, encoded) => {
    expect(refusal(encoded).code).toBe('malformed');
  });

  it.each([
    ['no UTF-8', Buffer.from([0x3c, 0xff, 0x3e]).toString('base64url')],
    ['UTF-16', Buffer.from(`\ufeff${signed()}`, 'utf16le').toString('base64url')],
    ['a byte order mark', encode(`\ufeff${signed()}`)],
    ['another declared encoding', encode(`<?xml version="1.0" encoding="ISO-8859-1"?>${signed()}`)],
    ['XML 1.1', encode(`<?xml version="1.1"?>${signed()}`)],
    ['a NUL', encode(signed().replace('alice', 'alice\u0000'))],
    ['a control character', encode(signed().replace('alice', 'alice\u0001'))],
    ['a control character as a reference', encode(signed({ name: 'alice&#1;' }))],
    ['half a surrogate pair as a reference', encode(signed().replace('alice', 'alice&#xD800;'))],
    ['a processing instruction', encode(signed({ name: 'admin<?x y?>.alice' }))],
    ['a processing instruction before it', encode(`<?x y?>${signed()}`)],
    ['a DOCTYPE with an entity', encode(`<!DOCTYPE a [<!ENTITY u "admin">]>${signed().replace('>alice<', '>&u;<')}`)],
    ['a DOCTYPE with a default attribute', encode(`<!DOCTYPE a [<!ATTLIST a ID CDATA "_a">]>${signed()}`)],
    ['a doctype in small letters', encode(`<!doctype a>${signed()}`)],
    ['an unknown entity', encode(signed().replace('>alice<', '>&u;<'))],
    ['a second root', encode(signed() + unsigned({ id: '_b' }))],
    ['text behind the root', encode(`${signed()}x`)],
    ['no end', encode(signed().replace('</saml:Assertion>', ''))],
    ['an attribute twice', encode(signed().replace('ID="_a"', 'ID="_a" ID="_b"'))],
    [
      'an attribute twice, by namespace',
      encode(signed().replace('ID="_a"', 'xmlns:x="urn:x" xmlns:y="urn:x" x:i="1" y:i="2" ID="_a"')),
    ],
    ['an attribute without quotes', encode(signed().replace('ID="_a"', 'ID=_a'))],
    ['an undeclared prefix', encode(signed().replace('<saml:Subject>', '<x:y/><saml:Subject>'))],
    ['two hyphens in a comment', encode(signed().replace('<saml:Subject>', '<!-- a -- b --><saml:Subject>'))],
    ['three hyphens at the end of a comment', encode(signed().replace('<saml:Subject>', '<!-- a ---><saml:Subject>'))],
    ['a comment without end', encode(signed().replace('</saml:Assertion>', '<!-- a </saml:Assertion>'))],
    ['another meaning of xml', encode(signed().replace('ID="_a"', 'xmlns:xml="urn:x" ID="_a"'))],
    ['a meaning of xmlns', encode(signed().replace('ID="_a"', 'xmlns:xmlns="urn:x" ID="_a"'))],
    [
      'another prefix for xml',
      encode(signed().replace('ID="_a"', 'xmlns:y="http://www.w3.org/XML/1998/namespace" ID="_a"')),
    ],
    ['a relative namespace', encode(signed({ extra: '<x:y xmlns:x="relative"/>' }))],
  ])('must not hold %s', (_, encoded) => {
    expect(refusal(encoded).code).toBe('malformed');
  });

  it.each([
    ['a declaration of UTF-8', `<?xml version="1.0" encoding="UTF-8"?>\n${signed()}`],
    ['a declaration without an encoding', `<?xml version='1.0'?>${signed()}`],
  ])('may have %s', (_, xml) => {
    expect(verify(encode(xml)).name).toBe('alice');
  });
});

describe('the work that an assertion may cause', () => {
  it.each([
    ['65 KB', encode(`${signed()}${' '.repeat(66_000)}`)],
    ['20,000 nested elements', encode(unsigned({ extra: '<a>'.repeat(20_000) + '</a>'.repeat(20_000) }))],
    ['5,000 small elements', encode(unsigned({ extra: '<a/>'.repeat(5_000) }))],
    ['100 nested elements', encode(unsigned({ extra: '<a>'.repeat(100) + '</a>'.repeat(100) }))],
    [
      '20,000 attributes',
      encode(unsigned({ extra: `<a ${Array.from({ length: 20_000 }, (_, i) => `a${i}=""`).join(' ')}/>` })),
    ],
    [
      '4,500 attributes',
      encode(unsigned({ extra: `<a ${Array.from({ length: 4_500 }, (_, i) => `a${i}=""`).join(' ')}/>` })),
    ],
  ])('is bounded: %s', (_, encoded) => {
    expect(refusal(encoded).code).toBe('oversized');
  });
});

describe('the signature', () => {
  const [rsa, ec] = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ];

  it('may be by any of the keys of the issuer, which changes them', () => {
    expect(verify(encode(signed({}, { key: rsa.privateKey })), [PUBLIC_KEY, rsa.publicKey]).name).toBe('alice');
  });

  it('must be by a key of the issuer, whatever KeyInfo holds', () => {
    const keyInfo = rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string;
    expect(refusal(encode(signed({ name: 'admin' }, { key: rsa.privateKey, keyInfo }))).code).toBe('signature');
  });

  it('does not verify by a key of another kind, nor by none', () => {
    expect(() => verify(encode(signed()), [ec.publicKey])).toThrow('The signature of the assertion is invalid');
    expect(() => verify(encode(signed()), [])).toThrow('The signature of the assertion is invalid');
  });

  it.each([
    ['rsa-sha512', `${MORE}rsa-sha512`, 'http://www.w3.org/2001/04/xmlenc#sha512'],
    ['rsa-sha256', `${MORE}rsa-sha256`, 'http://www.w3.org/2001/04/xmlenc#sha256'],
  ])('may be %s', (_, algorithm, digest) => {
    expect(verify(encode(signed({}, { algorithm, digest }))).name).toBe('alice');
  });

  it.each([
    ['SHA-1', { algorithm: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1' }],
    ['a SHA-1 digest', { digest: 'http://www.w3.org/2000/09/xmldsig#sha1' }],
    ['canonicalization with comments', { transforms: [ENVELOPED, `${EXCLUSIVE}WithComments`] }],
    ['SignedInfo in inclusive canonical form', { canonicalization: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' }],
  ])('must not use %s', (_, signing) => {
    expect(refusal(encode(signed({}, signing))).code).toBe('algorithm');
  });

  it.each([
    ['no canonicalization', { transforms: [ENVELOPED] }],
    ['an empty URI', { emptyUri: true }],
    ['transforms the other way round', { transforms: [EXCLUSIVE, ENVELOPED] }],
  ])('must not have %s', (_, signing) => {
    expect(refusal(encode(signed({}, signing))).code).toMatch(/^(signature|algorithm)$/);
  });

  it('must not be a MAC with the public key', () => {
    const xml = signed().replace(`${MORE}rsa-sha256`, `${MORE}hmac-sha256`);
    expect(refusal(encode(xml)).code).toBe('algorithm');
  });
});

describe('RFC 7522 §3: whom and when an assertion is for', () => {
  it.each<[string, Content, string]>([
    ['another issuer', { issuer: 'https://other.example' }, 'issuer'],
    ['an issuer that only begins alike', { issuer: `${ISSUER}.evil` }, 'issuer'],
    ['another audience', { audience: `${AUDIENCE}.evil` }, 'audience'],
    ['another recipient', { recipient: 'https://other.example/acs' }, 'audience'],
    ['no bearer confirmation', { method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }, 'claim'],
    ['expired conditions', { notBefore: -600, notOnOrAfter: -31 }, 'expired'],
    ['an expired confirmation', { confirmed: -31 }, 'expired'],
    ['an ended session', { sessionEnd: -31 }, 'expired'],
    ['conditions that begin later', { notBefore: 31 }, 'not_yet_valid'],
    ['a confirmation that begins later', { confirmedFrom: 60 }, 'expired'],
    ['an unknown condition', { conditions: '<x:Only xmlns:x="urn:x"/>' }, 'critical'],
    ['a restriction of proxies', { conditions: '<saml:ProxyRestriction Count="0"/>' }, 'critical'],
    [
      'a second restriction that does not name us',
      { conditions: '<saml:AudienceRestriction><saml:Audience>x</saml:Audience></saml:AudienceRestriction>' },
      'audience',
    ],
    ['no subject', { nameId: '' }, 'malformed'],
    ['two names', { nameId: '<saml:NameID>alice</saml:NameID><saml:NameID>admin</saml:NameID>' }, 'malformed'],
    ['an empty name', { name: ' ' }, 'claim'],
    ['an element in the name', { name: 'alice<b xmlns="urn:b">admin</b>' }, 'malformed'],
    ['an encrypted name', { nameId: '<saml:EncryptedID/>' }, 'malformed'],
    ['SAML 1.1', { version: '1.1' }, 'type'],
    ['two conditions', { extra: `<saml:Conditions NotOnOrAfter="${time(9)}"/>` }, 'malformed'],
    ['an attribute twice', { attributes: '<saml:Attribute Name="a"/><saml:Attribute Name="a"/>' }, 'malformed'],
    ['no way to say when', { extra: '<saml:AuthnStatement><saml:AuthnContext/></saml:AuthnStatement>' }, 'claim'],
  ])('refuses %s', (_, content, code) => {
    expect(refusal(encode(signed(content))).code).toBe(code);
  });

  it.each([
    ['no time of issue', / IssueInstant="[^"]*"/, '', 'claim'],
    ['a time of issue that is to come', /IssueInstant="[^"]*"/, `IssueInstant="${time(31)}"`, 'not_yet_valid'],
  ])('refuses %s', (_, written, instead, code) => {
    expect(refusal(encode(sign(unsigned().replace(written, instead)))).code).toBe(code);
  });

  it.each<[string, Content]>([
    ['a clock that is 29 seconds behind', { notBefore: 29 }],
    ['a clock that is 29 seconds ahead', { notOnOrAfter: -29, notBefore: -99 }],
    ['a condition of single use', { conditions: '<saml:OneTimeUse/>' }],
  ])('accepts %s', (_, content) => {
    expect(verify(encode(signed(content))).name).toBe('alice');
  });

  it.each([
    '2027-01-15T08:05:00',
    '2027-01-15T08:05:00+00:00',
    '2027-01-15',
    'tomorrow',
    '1800000300',
    '2026-02-30T08:05:00Z',
    '2025-02-29T08:05:00Z',
    '2026-04-31T08:05:00Z',
    '2026-04-30T24:00:00Z',
  ])('refuses %s as a time: SAML Core §1.3.3 has UTC alone', (written) => {
    const xml = signed({
      extra: `<saml:AuthnStatement AuthnInstant="${written}"><saml:AuthnContext/></saml:AuthnStatement>`,
    });
    expect(refusal(encode(xml)).code).toBe('malformed');
  });
});

it(requirement('RFC8693-3-saml2', 'saml2 indicates a base64url-encoded SAML 2.0 assertion'), () => {
  expect(verify(encode(signed())).name).toBe('alice');
  expect(refusal('a.b.c').code).toBe('malformed');
});
