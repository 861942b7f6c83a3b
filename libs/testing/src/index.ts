export * from './test-certificate.js';
export * from './exchange-cases/index.js';
export * from './postgres.js';
export * from './requirement.js';
export * from './test-databases.js';
export * from './test-issuer.js';
export * from './test-server.js';
export * from './transit-server.js';
