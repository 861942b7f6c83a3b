import { rejection } from './assertion-rejection.js';
import {
  attributeOf,
  childrenOf,
  DSIG,
  elementsOf,
  holdsMoreThanText,
  isNamed,
  onlyChild,
  SAML,
  textOf,
} from './xml.js';

export const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';

const ID = /^[A-Za-z_][\w.-]*$/;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/**
 * Checks the shape of a signed assertion before anything of it is computed: one assertion as the root, its signature behind the
 * issuer. SAML Core §2.3.3
 * @returns the signature
 * @throws TokenRejection
 */
export function signatureOf(root: Element): Element {
  checkRoot(root);
  const [issuer] = childrenOf(root);
  if (!issuer || !isNamed(issuer, SAML, 'Issuer'))
    throw rejection('malformed', 'The assertion does not begin with its issuer');
  return signatureOver(root, 1);
}

/**
 * Checks that a document has one signature, as a child, over all of it. Whatever could make a verifier look at one element and a
 * reader at another is refused. SAML Core §5.4
 * @param place which child of the root the signature has to be, from 0
 * @returns the signature
 * @throws TokenRejection
 */
export function signatureOver(root: Element, place: number): Element {
  const id = idOf(root);
  const signature = onlySignature(root, place);
  checkSignature(signature);
  checkReference(onlyChild(onlyChild(signature, DSIG, 'SignedInfo'), DSIG, 'Reference'), id);
  return signature;
}

const OTHERS: Readonly<Record<string, string>> = {
  Response: 'A SAML response is not an assertion: take the assertion out of it',
  EncryptedAssertion: 'An encrypted assertion is not supported',
};

function checkRoot(root: Element): void {
  if (!isNamed(root, SAML, 'Assertion')) {
    throw rejection('type', OTHERS[root.localName] ?? 'The token is not a SAML 2.0 assertion');
  }
  if (attributeOf(root, 'Version') !== '2.0') throw rejection('type', 'The assertion is not of SAML 2.0');
  const [, ...below] = elementsOf(root);
  for (const { localName } of below) {
    if (localName === 'Assertion') throw rejection('malformed', 'The assertion holds another assertion');
    if (localName === 'EncryptedAssertion') throw rejection('malformed', 'The assertion holds an encrypted assertion');
    if (localName === 'EncryptedID') throw rejection('malformed', 'An encrypted name is not supported');
  }
}

/** The identifier of the assertion, which no other attribute may bear, whatever its name is taken for. */
function idOf(root: Element): string {
  const id = attributeOf(root, 'ID');
  if (id === undefined || !ID.test(id)) throw rejection('malformed', 'The assertion has no usable ID');
  const attributes = elementsOf(root).flatMap((element) =>
    Array.from(element.attributes, (attribute) => ({ element, attribute })),
  );
  const ambiguous = attributes.some(({ element, attribute }) => {
    if (attribute.localName.toLowerCase() !== 'id') return false;
    return element === root ? attribute.name !== 'ID' : attribute.value === id;
  });
  if (ambiguous) throw rejection('malformed', 'The ID of the assertion is ambiguous');
  return id;
}

function onlySignature(root: Element, place: number): Element {
  const signatures = elementsOf(root).filter(({ localName }) => localName === 'Signature');
  const [signature] = signatures;
  if (!signature) throw rejection('signature', 'The assertion is not signed');
  if (signatures.length > 1 || signature !== childrenOf(root)[place] || !isNamed(signature, DSIG, 'Signature')) {
    throw rejection('signature', 'The assertion must have exactly one signature, as a child, where the schema has it');
  }
  return signature;
}

function checkSignature(signature: Element): void {
  if (holdsMoreThanText(signature)) throw rejection('signature', 'The signature holds a comment or a CDATA section');
  requireChildren(signature, ['SignedInfo', 'SignatureValue'], ['KeyInfo']);
  const signedInfo = onlyChild(signature, DSIG, 'SignedInfo');
  requireChildren(signedInfo, ['CanonicalizationMethod', 'SignatureMethod', 'Reference']);
  const names = [
    'SignedInfo',
    'SignatureValue',
    'SignatureMethod',
    'CanonicalizationMethod',
    'Reference',
    'DigestValue',
  ];
  for (const name of names) {
    if (elementsOf(signature).filter(({ localName }) => localName === name).length !== 1) {
      throw rejection('signature', `The signature must have exactly one ${name}`);
    }
  }
  requireAlgorithm(onlyChild(signedInfo, DSIG, 'CanonicalizationMethod'), EXCLUSIVE);
  requireChildren(onlyChild(signedInfo, DSIG, 'SignatureMethod'), []);
  requireBase64(onlyChild(signature, DSIG, 'SignatureValue'));
}

function checkReference(reference: Element, id: string): void {
  if (attributeOf(reference, 'URI') !== `#${id}`) {
    throw rejection('signature', 'The signature is not over the assertion itself');
  }
  requireChildren(reference, ['Transforms', 'DigestMethod', 'DigestValue']);
  const transforms = onlyChild(reference, DSIG, 'Transforms');
  requireChildren(transforms, ['Transform', 'Transform']);
  const [enveloped, exclusive] = childrenOf(transforms) as [Element, Element];
  requireAlgorithm(enveloped, ENVELOPED);
  requireChildren(enveloped, []);
  requireAlgorithm(exclusive, EXCLUSIVE);
  requireChildren(onlyChild(reference, DSIG, 'DigestMethod'), []);
  requireBase64(onlyChild(reference, DSIG, 'DigestValue'));
}

/** Exactly these children, in this order; then at most the optional ones. */
function requireChildren(element: Element, required: readonly string[], optional: readonly string[] = []): void {
  const children = childrenOf(element);
  const expected = [...required, ...optional];
  const fits =
    children.length >= required.length &&
    children.length <= expected.length &&
    children.every((child, index) => isNamed(child, DSIG, expected[index]!));
  if (!fits) throw rejection('signature', `The signature has other elements in ${element.localName} than it needs`);
}

/** Exclusive canonicalization may list prefixes; nothing else may stand in a method. */
function requireAlgorithm(element: Element, algorithm: string): void {
  if (attributeOf(element, 'Algorithm') !== algorithm) {
    throw rejection('algorithm', `The signature's ${element.localName} must be ${algorithm}`);
  }
  const strange = childrenOf(element).filter((child) => !isNamed(child, EXCLUSIVE, 'InclusiveNamespaces'));
  if (strange.length > 0 || childrenOf(element).length > 1) {
    throw rejection('signature', `The signature has other elements in ${element.localName} than it needs`);
  }
}

function requireBase64(element: Element): void {
  if (!BASE64.test(textOf(element))) throw rejection('signature', `The signature's ${element.localName} is not base64`);
}
