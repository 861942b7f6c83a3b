export * from './postgres.js';
export * from './test-databases.js';
export * from './test-issuer.js';
export * from './test-server.js';
