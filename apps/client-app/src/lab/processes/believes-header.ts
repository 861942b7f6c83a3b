/**
 * A service that checks the token of the service that calls, and then believes a header about the user. It is wrong on purpose.
 */
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { bearerOf, given, serve } from './serve.js';

const keys = createRemoteJWKSet(new URL(given('JWKS_URI')));
const issuer = given('ISSUER');
const audience = given('AUDIENCE');

serve(async (request) => {
  const { payload } = await jwtVerify(bearerOf(request), keys, { issuer, audience });
  const user = request.headers['x-user-id'] ?? payload.sub;
  return {
    status: 200,
    body: { believes: user, opened: `the letters of ${String(user)}`, proven_by_the_token: payload.sub },
  };
});
