export { identityChaining } from './identity-chaining.feature.js';
export { identityChainingSettings, type IdentityChainingSettings } from './identity-chaining.schema.js';
