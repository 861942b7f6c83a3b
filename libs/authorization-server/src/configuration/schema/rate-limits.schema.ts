import { z } from 'zod';

const times = z.int('a whole number').positive('more than 0');
const window = z.int('whole seconds').positive('more than 0 seconds').describe('seconds that are counted together');

const login = z
  .strictObject({
    window: window.default(15 * 60),
    failuresPerAccount: times.default(10).describe('failed logins to one account from one address'),
    failuresPerAddress: times.default(100).describe('failed logins from one address'),
  })
  .prefault({});

const token = z
  .strictObject({
    window: window.default(60),
    requestsPerClient: times.default(60_000).describe('requests of one client from one address'),
    requestsPerAddress: times.default(120_000),
    failuresPerClient: times.default(30).describe('failed authentications of one client from one address'),
    failuresPerAddress: times.default(120).describe('failed authentications of clients from one address'),
  })
  .prefault({})
  .describe('the token endpoint, introspection, revocation and pushed requests');

const authorization = z
  .strictObject({
    window: window.default(60),
    requestsPerAddress: times.default(600),
  })
  .prefault({})
  .describe('what anybody may ask for and the server keeps: sign-ins that are begun, and logouts');

const me = z
  .strictObject({
    window: window.default(60),
    requestsPerAccount: times.default(300),
  })
  .prefault({})
  .describe('what people ask about themselves');

/** How often something may happen before it is answered with 429. */
export const rateLimits = z.strictObject({ login, token, authorization, me }).prefault({});
