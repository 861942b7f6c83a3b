import type { KeyObject } from 'node:crypto';
import type { Addressee, Assertion } from './assertion.js';
import { rejection } from './assertion-rejection.js';
import { decodeAssertion } from './assertion-text.js';
import { issuerOf, readAssertion } from './read-assertion.js';
import { signatureOf } from './signature-shape.js';
import { signedRoot } from './signed-root.js';
import { parseXml } from './xml.js';

/** An issuer whose assertions are accepted, from one client. */
export interface AssertionIssuer extends Addressee {
  /** Several while the issuer changes its key. */
  readonly keys: readonly KeyObject[];
}

/**
 * Verifies a SAML 2.0 assertion. RFC 7522 §3, RFC 8693 §3.
 * @param encoded the assertion in base64url
 * @param find the issuer of an entity id; `undefined` when it is not trusted
 * @param at now, in seconds since the epoch
 * @throws TokenRejection whatever is wrong with it
 */
export function verifyAssertion(
  encoded: string,
  find: (entityId: string) => AssertionIssuer | undefined,
  at: number,
): Assertion {
  const text = decodeAssertion(encoded);
  const unverified = parseXml(text);
  const signature = signatureOf(unverified);
  // says which keys to try; what it says otherwise counts from the signed bytes only
  const issuer = issuerOf(unverified);
  const trusted = find(issuer);
  if (!trusted) throw rejection('issuer', 'The issuer of the assertion is not trusted');
  const root = signedRoot(text, signature, trusted.keys);
  const assertion = readAssertion(root, trusted, at);
  if (assertion.issuer !== issuer) throw rejection('issuer', 'The issuer of the assertion is ambiguous');
  return assertion;
}
