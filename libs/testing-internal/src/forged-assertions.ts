import type { AssertionContent, AssertionSigning } from './saml-assertions.js';

type Content = Partial<AssertionContent>;

/** How the assertions of a test are made: for whom they are, and by which key they are signed. */
export interface AssertionMaker {
  readonly unsigned: (content?: Content) => string;
  readonly sign: (xml: string, signing?: Partial<AssertionSigning>) => string;
}

/**
 * Assertions that were changed after they were signed, or signed otherwise than they should be, by the kind of attack. What is good in
 * them has the ID `_a`; nothing of them may be accepted.
 */
export function forgedAssertions({
  unsigned,
  sign,
}: AssertionMaker): readonly (readonly [name: string, xml: string])[] {
  const signed = (content: Content = {}, signing: Partial<AssertionSigning> = {}) => sign(unsigned(content), signing);
  const good = signed({ id: '_a', name: 'alice' });
  const [signature = ''] = /<ds:Signature[\s\S]*<\/ds:Signature>/.exec(good) ?? [];
  const original = good.replace(signature, '');
  const signedInfo = /<ds:SignedInfo[\s\S]*<\/ds:SignedInfo>/.exec(good)?.[0] ?? '';
  const reference = /<ds:Reference[\s\S]*<\/ds:Reference>/.exec(good)?.[0] ?? '';
  const keyInfo = '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:KeyName>k</ds:KeyName></ds:KeyInfo>';

  // an assertion of the attacker, with something behind its issuer, and something at its end
  const evil = (behindIssuer: string, end = '', id = '_evil') =>
    unsigned({ id, name: 'admin', extra: end }).replace('</saml:Issuer>', `</saml:Issuer>${behindIssuer}`);

  const inObject = signature.replace('</ds:Signature>', `<ds:Object>${original}</ds:Object></ds:Signature>`);
  const samlp = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"';
  return [
    ['XSW1: the signed assertion inside of the signature, another ID around it', evil(inObject)],
    ['XSW2: detached, the signed assertion before the evil one', `<x xmlns="urn:x">${good}${evil('')}</x>`],
    ['XSW3: the evil assertion first, in a foreign root', `<x xmlns="urn:x">${evil('')}${good}</x>`],
    ['XSW4: the evil assertion as the parent of the signed one', evil('', good)],
    ['XSW5: the signature moved into the evil assertion, the original at its end', evil(signature, original)],
    ['XSW6: the original within the signature of the evil one', evil(inObject, '', '_a')],
    ['XSW7: the signed assertion in Extensions', evil('', `<samlp:Extensions ${samlp}>${good}</samlp:Extensions>`)],
    ['XSW8: the original in an Object beside an evil copy', evil(inObject, original)],
    ['the signed assertion in Advice', evil('', `<saml:Advice>${good}</saml:Advice>`)],
    [
      'an assertion in signed Advice',
      signed({
        extra: `<saml:Advice>${unsigned({ id: '_b', name: 'admin' })}</saml:Advice>`,
      }),
    ],
    [
      'an encrypted assertion in Advice',
      signed({
        extra: '<saml:Advice><saml:EncryptedAssertion/></saml:Advice>',
      }),
    ],
    ['a response', `<samlp:Response ${samlp} ID="_r">${good}</samlp:Response>`],
    ['an encrypted assertion', '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'],
    [
      'an assertion of another namespace',
      good.replaceAll('urn:oasis:names:tc:SAML:2.0:assertion', 'urn:oasis:names:tc:SAML:1.0:assertion'),
    ],
    ['an ID in other letters', evil(inObject).replace('ID="_evil"', 'Id="_a" ID="_evil"')],
    ['an xml:id beside the ID', good.replace('ID="_a"', 'xml:id="_a" ID="_a"')],
    ['an ID of another namespace', good.replace('ID="_a"', 'xmlns:x="urn:x" x:ID="_a" ID="_a"')],
    [
      'the ID once more, further down',
      signed({
        extra: '<saml:Advice><x xmlns="urn:x" Id="_a"/></saml:Advice>',
      }),
    ],
    ['no ID', good.replace('ID="_a"', '')],
    ['an ID that is an expression', good.replaceAll('_a"', "_a' or '1'='1\"")],
    ['no signature', unsigned({ name: 'admin' })],
    ['an empty signature', evil('<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>')],
    ['a signature of another namespace', evil('<ds:Signature xmlns:ds="urn:no-signature"/>')],
    [
      'a signature of another namespace beside the true one',
      good.replace('<saml:Subject>', '<x:Signature xmlns:x="urn:x"/><saml:Subject>'),
    ],
    ['two signatures', good.replace(signature, signature + signature)],
    [
      'the signature at the end',
      good.replace(signature, '').replace('</saml:Assertion>', `${signature}</saml:Assertion>`),
    ],
    ['two references', good.replace(reference, reference + reference)],
    ['no reference', good.replace(reference, '')],
    ['two SignedInfos', good.replace(signedInfo, signedInfo + signedInfo)],
    ['a SignedInfo in an Object', good.replace(signedInfo, `<ds:Object>${signedInfo}</ds:Object>${signedInfo}`)],
    [
      'a SignedInfo in KeyInfo',
      good.replace('</ds:Signature>', `${keyInfo.replace('<ds:KeyName>k</ds:KeyName>', signedInfo)}</ds:Signature>`),
    ],
    ['two signature values', good.replace(/<ds:SignatureValue>[\s\S]*<\/ds:SignatureValue>/, '$&$&')],
    ['two KeyInfos', good.replace('</ds:Signature>', `${keyInfo}${keyInfo}</ds:Signature>`)],
    ['an empty URI', sign(unsigned({ name: 'admin' }), { emptyUri: true })],
    ['no URI', good.replace(' URI="#_a"', '')],
    ['an external URI', good.replace('URI="#_a"', 'URI="https://evil.example/a.xml"')],
    ['an XPointer', good.replace('URI="#_a"', 'URI="#xpointer(/)"')],
    ['a URI with quotes', good.replace('URI="#_a"', `URI="#_a' or '1'='1"`)],
    ['a URI without its mark', good.replace('URI="#_a"', 'URI="_a"')],
    [
      'an XSLT transform',
      good
        .replace('xmldsig#enveloped-signature', 'x')
        .replace('Algorithm="http://www.w3.org/2000/09/x"', 'Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"'),
    ],
    [
      'an XPath transform',
      good.replace(
        '</ds:Transforms>',
        '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>1=1</ds:XPath></ds:Transform></ds:Transforms>',
      ),
    ],
    [
      'an element in a transform',
      good.replace(/(<ds:Transform Algorithm="[^"]*enveloped-signature")\/>/, '$1><x xmlns="urn:x"/></ds:Transform>'),
    ],
    ['a comment in the digest', good.replace('<ds:DigestValue>', '<ds:DigestValue><!--x-->')],
    [
      'a CDATA section in the digest',
      good.replace(/<ds:DigestValue>(.*)<\/ds:DigestValue>/, '<ds:DigestValue><![CDATA[$1]]></ds:DigestValue>'),
    ],
    ['a comment in the signature value', good.replace('<ds:SignatureValue>', '<ds:SignatureValue><!--x-->')],
    ['a comment in SignedInfo', good.replace('<ds:SignatureMethod', '<!--x--><ds:SignatureMethod')],
    [
      'a digest that is no base64',
      good.replace(/<ds:DigestValue>.*<\/ds:DigestValue>/, '<ds:DigestValue>!</ds:DigestValue>'),
    ],
    [
      'an output length',
      good.replace(
        /(<ds:SignatureMethod Algorithm="[^"]*")\/>/,
        '$1><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>',
      ),
    ],
    ['a changed name', good.replace('>alice<', '>admin<')],
    ['a changed audience', good.replace('legacy.example/metadata', 'legacy.example/other')],
    ['a removed condition', good.replace(/<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/, '')],
    ['an added attribute', good.replace('</saml:Assertion>', '<saml:AttributeStatement/></saml:Assertion>')],
    [
      'another default namespace',
      good.replace('ID="_a"', 'xmlns="urn:x" ID="_a"').replace('<saml:NameID>', '<NameID>'),
    ],
  ];
}
