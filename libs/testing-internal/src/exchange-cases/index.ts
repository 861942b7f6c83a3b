import { delegationCases } from './delegation-cases.js';
import type { ExchangeCase } from './exchange-case.js';
import { limitCases } from './limit-cases.js';
import { requestCases } from './request-cases.js';
import { subjectTokenCases } from './subject-token-cases.js';

/** Every request whose answer the engine decides, with that answer; to be run at the engine and over HTTP alike. */
export const exchangeCases: readonly ExchangeCase[] = [
  ...requestCases,
  ...subjectTokenCases,
  ...delegationCases,
  ...limitCases,
];

export * from './exchange-case.js';
export { caseRegistrations } from './registrations.js';
