export type { Addressee, Assertion } from './assertion/assertion.js';
export { verifyAssertion, type AssertionIssuer } from './assertion/verify-assertion.js';
