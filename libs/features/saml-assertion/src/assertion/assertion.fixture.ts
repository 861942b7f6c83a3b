import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  signAssertion,
  unsignedAssertion,
  type AssertionContent,
  type AssertionSigning,
} from '@onbehalf/testing-internal';
import type { Assertion } from './assertion.js';
import { verifyAssertion } from './verify-assertion.js';

export const ISSUER = 'urn:example:legacy-idp';
export const AUDIENCE = 'https://legacy.example/metadata';
export const RECIPIENT = 'https://legacy.example/acs';
/** Seconds since the epoch. */
export const NOW = 1_800_000_000;

export type Content = Partial<AssertionContent>;
export type Signing = Partial<AssertionSigning>;

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const PUBLIC_KEY = keys.publicKey;
export const PRIVATE_KEY = keys.privateKey;

export function time(seconds: number): string {
  return new Date((NOW + seconds) * 1000).toISOString();
}

export function unsigned(content: Content = {}): string {
  return unsignedAssertion({ now: NOW, issuer: ISSUER, audience: AUDIENCE, recipient: RECIPIENT, ...content });
}

export function sign(xml: string, signing: Signing = {}): string {
  return signAssertion(xml, { key: PRIVATE_KEY, ...signing });
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
