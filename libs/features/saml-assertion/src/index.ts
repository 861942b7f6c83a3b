export type { Addressee, Assertion } from './assertion/assertion.js';
export { verifyAssertion, type AssertionIssuer } from './assertion/verify-assertion.js';
export { metadataSection } from './metadata/metadata-section.js';
export { readMetadata, type IdentityProviderMetadata } from './metadata/read-metadata.js';
export { samlAssertion } from './saml-assertion.feature.js';
export { samlAssertionSettings, type SamlAssertionSettings } from './saml-assertion.schema.js';
export { SamlAssertionVerifier } from './saml-assertion.verifier.js';
