export type { ExchangeRule } from './exchange-rules.js';
export * from './fake-downstream.js';
export * from './test-exchange.js';
export * from './test-issuer.js';
export * from './test-server.js';
