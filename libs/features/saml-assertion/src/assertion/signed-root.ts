import { createHash, verify, type KeyObject } from 'node:crypto';
import { SignedXml } from 'xml-crypto';
import { rejection } from './assertion-rejection.js';
import { ENVELOPED, EXCLUSIVE } from './signature-shape.js';
import { attributeOf, elementsOf, parseXml } from './xml.js';

const MORE = 'http://www.w3.org/2001/04/xmldsig-more#';
const ENCRYPTION = 'http://www.w3.org/2001/04/xmlenc#';

/** RFC 9231 §2.1, §2.3: SHA-2 with RSA or ECDSA. No SHA-1, and no HMAC, which a public key could forge. */
const SIGNATURES = {
  ...signatures('rsa', { kind: 'rsa' }),
  ...signatures('ecdsa', { kind: 'ec' }),
};
const DIGESTS = {
  [`${ENCRYPTION}sha256`]: digest('sha256', `${ENCRYPTION}sha256`),
  [`${MORE}sha384`]: digest('sha384', `${MORE}sha384`),
  [`${ENCRYPTION}sha512`]: digest('sha512', `${ENCRYPTION}sha512`),
};

/**
 * Verifies the signature of a document and returns what was signed, parsed anew: nothing is ever read from the tree that the
 * signature was found in.
 * @param text as {@link checkText} has let it through
 * @param signature of that text, by {@link signatureOver}
 * @param keys of the issuer; each is tried. What KeyInfo says is ignored
 * @throws TokenRejection
 */
export function signedRoot(text: string, signature: Element, keys: readonly KeyObject[]): Element {
  requireListed(signature, 'SignatureMethod', SIGNATURES);
  requireListed(signature, 'DigestMethod', DIGESTS);
  const signed = firstOf(keys, (key) => signedText(text, signature, key));
  if (signed === undefined) throw rejection('signature', 'The signature of the assertion is invalid');
  return parseXml(signed);
}

function requireListed(signature: Element, name: string, algorithms: object): void {
  const [method] = elementsOf(signature).filter(({ localName }) => localName === name);
  if (Object.hasOwn(algorithms, (method && attributeOf(method, 'Algorithm')) ?? '')) return;
  throw rejection('algorithm', `The signature's ${name} is none of ${Object.keys(algorithms).join(' ')}`);
}

function firstOf<Key, Found>(keys: readonly Key[], find: (key: Key) => Found | undefined): Found | undefined {
  for (const key of keys) {
    const found = find(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function signedText(text: string, signature: Element, key: KeyObject): string | undefined {
  const verifier = new SignedXml({ publicCert: key, getCertFromKeyInfo: () => null });
  verifier.SignatureAlgorithms = SIGNATURES as unknown as SignedXml['SignatureAlgorithms'];
  verifier.HashAlgorithms = DIGESTS as unknown as SignedXml['HashAlgorithms'];
  const { [ENVELOPED]: enveloped, [EXCLUSIVE]: exclusive } = verifier.CanonicalizationAlgorithms;
  verifier.CanonicalizationAlgorithms = {
    [ENVELOPED]: enveloped,
    [EXCLUSIVE]: exclusive,
  } as typeof verifier.CanonicalizationAlgorithms;
  try {
    verifier.loadSignature(signature);
    if (!verifier.checkSignature(text)) return undefined;
    const [signed, ...more] = verifier.getSignedReferences();
    return more.length === 0 ? signed : undefined;
  } catch {
    // an algorithm that is not listed, a value that does not verify: the library throws for both
    return undefined;
  }
}

function signatures(name: string, { kind }: { kind: 'rsa' | 'ec' }): Record<string, new () => object> {
  return Object.fromEntries(
    (['sha256', 'sha384', 'sha512'] as const).map((hash) => {
      const algorithm = `${MORE}${name}-${hash}`;
      return [algorithm, signatureAlgorithm(algorithm, hash, kind)];
    }),
  );
}

function signatureAlgorithm(algorithm: string, hash: string, kind: 'rsa' | 'ec'): new () => object {
  return class {
    getAlgorithmName(): string {
      return algorithm;
    }
    getSignature(): never {
      throw new Error('This verifies only');
    }
    // RFC 9231 §2.3.6: an ECDSA signature is both values, one behind the other
    verifySignature(material: string, key: KeyObject, value: string): boolean {
      if (key.asymmetricKeyType !== kind) return false;
      const signature = Buffer.from(value.replace(/\s/g, ''), 'base64');
      return verify(hash, Buffer.from(material), { key, dsaEncoding: 'ieee-p1363' }, signature);
    }
  };
}

function digest(hash: string, algorithm: string): new () => object {
  return class {
    getAlgorithmName(): string {
      return algorithm;
    }
    getHash(text: string): string {
      return createHash(hash).update(text, 'utf8').digest('base64');
    }
  };
}
