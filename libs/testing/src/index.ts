export * from './test-issuer.js';
export * from './test-server.js';
