export * from './test-issuer.js';
