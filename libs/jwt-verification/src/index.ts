export * from './access-token-context.js';
export * from './local-issuer-keys.js';
export * from './remote-issuer-keys.js';
export * from './token-rejection.js';
export * from './trusted-issuer.js';
export * from './verify-access-token.js';
export * from './verify-jwt.js';
