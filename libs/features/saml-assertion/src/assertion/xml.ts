import { DOMParser } from '@xmldom/xmldom';
import { rejection } from './assertion-rejection.js';

export const SAML = 'urn:oasis:names:tc:SAML:2.0:assertion';
export const DSIG = 'http://www.w3.org/2000/09/xmldsig#';

/** Elements within each other. Canonicalization is recursive. */
const MAX_DEPTH = 64;

const [ELEMENT, TEXT, CDATA, COMMENT] = [1, 3, 4, 8];

/**
 * Parses text that {@link decodeAssertion} or canonicalization has let through. Every complaint of the parser is fatal.
 * @returns the one root
 * @throws TokenRejection
 */
export function parseXml(text: string): Element {
  const document = parse(text);
  const [root, ...more] = Array.from(document.childNodes).filter((node) => !isWhiteSpace(node));
  if (!root || more.length > 0 || !isElement(root))
    throw rejection('malformed', 'The assertion has more than one root');
  for (const element of elementsOf(root)) checkElement(element);
  return root;
}

/** The element and all below it, in document order. */
export function elementsOf(root: Element): Element[] {
  const found: Element[] = [];
  const pending: { element: Element; depth: number }[] = [{ element: root, depth: 1 }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next.depth > MAX_DEPTH) throw rejection('oversized', `The assertion is nested deeper than ${MAX_DEPTH}`);
    found.push(next.element);
    const depth = next.depth + 1;
    pending.push(
      ...childrenOf(next.element)
        .map((element) => ({ element, depth }))
        .reverse(),
    );
  }
  return found;
}

/** The elements directly below. */
export function childrenOf(element: Element): Element[] {
  return Array.from(element.childNodes).filter(isElement);
}

/** The elements of a name directly below. */
export function childrenNamed(element: Element, namespace: string, name: string): Element[] {
  return childrenOf(element).filter((child) => isNamed(child, namespace, name));
}

/**
 * The one element of a name directly below.
 * @throws TokenRejection when there is none, or several
 */
export function onlyChild(element: Element, namespace: string, name: string): Element {
  const [child, ...more] = childrenNamed(element, namespace, name);
  if (!child || more.length > 0) {
    throw rejection('malformed', `The assertion must have exactly one ${name} in ${element.localName}`);
  }
  return child;
}

export function isNamed(element: Element, namespace: string, name: string): boolean {
  return element.namespaceURI === namespace && element.localName === name;
}

/**
 * All text of an element, comments left out: whoever reads up to the first comment reads another name than was signed.
 * @throws TokenRejection when there are elements in it
 */
export function textOf(element: Element): string {
  if (childrenOf(element).length > 0) {
    throw rejection('malformed', `The assertion has elements in ${element.localName}, which holds text`);
  }
  return Array.from(element.childNodes)
    .filter(({ nodeType }) => nodeType === TEXT || nodeType === CDATA)
    .map(({ nodeValue }) => nodeValue ?? '')
    .join('');
}

/** An attribute without a namespace; `undefined` when it is not there. */
export function attributeOf(element: Element, name: string): string | undefined {
  return element.getAttributeNode(name)?.value;
}

/** Whether there is anything but elements and text in it, at any depth. */
export function holdsMoreThanText(root: Element): boolean {
  return elementsOf(root).some((element) =>
    Array.from(element.childNodes).some(({ nodeType }) => nodeType !== ELEMENT && nodeType !== TEXT),
  );
}

function parse(text: string): Document {
  const complain = (message: unknown): never => {
    throw rejection('malformed', 'The assertion is not well-formed XML', message);
  };
  const parser = new DOMParser({ errorHandler: { warning: complain, error: complain, fatalError: complain } });
  try {
    const document = parser.parseFromString(text, 'text/xml') as Document | undefined;
    return document ?? complain('no document');
  } catch (error) {
    // what the handler has thrown comes out as it was, or as a ParseError of the parser's own
    throw rejection('malformed', 'The assertion is not well-formed XML', error);
  }
}

const NODES = [ELEMENT, TEXT, CDATA, COMMENT];
// XML 1.0 §2.2; references to characters can write them too
const NO_CHARACTER = new RegExp(
  String.raw`[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]`,
);

function checkElement(element: Element): void {
  for (const { nodeType, nodeValue } of Array.from(element.childNodes)) {
    if (!NODES.includes(nodeType)) throw rejection('malformed', 'The assertion holds a node that no assertion needs');
    if (nodeType !== ELEMENT && NO_CHARACTER.test(nodeValue ?? '')) throw badCharacter();
  }
  const attributes = Array.from(element.attributes);
  // Namespaces in XML 1.0 §6.3
  const names = new Set(
    attributes.map(({ namespaceURI, localName }) => JSON.stringify([namespaceURI ?? '', localName])),
  );
  if (names.size < attributes.length) throw rejection('malformed', 'The assertion has an attribute twice');
  for (const { name, prefix, value, namespaceURI } of attributes) {
    if (NO_CHARACTER.test(value)) throw badCharacter();
    const declares = name === 'xmlns' || prefix === 'xmlns';
    // a relative one voids canonicalization: Exclusive XML Canonicalization §1, Namespaces in XML 1.0 §2.2
    if (declares && !isAbsolute(value) && !(name === 'xmlns' && value === '')) {
      throw rejection('malformed', 'The assertion declares a namespace that is no absolute URI');
    }
    if (declares && rebinds(name, value)) {
      throw rejection('malformed', 'The assertion declares a prefix that XML has for itself');
    }
    if (!declares && prefix && !namespaceURI) throw undeclared();
  }
  if (element.prefix && !element.namespaceURI) throw undeclared();
}

const OF_XML = ['http://www.w3.org/XML/1998/namespace', 'http://www.w3.org/2000/xmlns/'];

// Namespaces in XML 1.0 §3: what xml and xmlns stand for is settled, and no other prefix stands for it
function rebinds(name: string, value: string): boolean {
  if (name === 'xmlns:xml') return value !== OF_XML[0];
  return name === 'xmlns:xmlns' || OF_XML.includes(value);
}

function isAbsolute(uri: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(uri);
}

function badCharacter(): Error {
  return rejection('malformed', 'The assertion holds a character that XML does not have');
}

function undeclared(): Error {
  return rejection('malformed', 'The assertion uses a prefix that it does not declare');
}

function isElement(node: Node): node is Element {
  return node.nodeType === ELEMENT;
}

function isWhiteSpace({ nodeType, nodeValue }: Node): boolean {
  return nodeType === TEXT && !/\S/.test(nodeValue ?? '');
}
