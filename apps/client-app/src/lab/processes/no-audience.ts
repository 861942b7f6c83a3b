/**
 * A service whose author has switched the audience check off, as other frameworks allow: signature, issuer and expiry are right,
 * and the door stands open all the same. It is wrong on purpose.
 */
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { bearerOf, given, serve } from './serve.js';

const keys = createRemoteJWKSet(new URL(given('JWKS_URI')));
const issuer = given('ISSUER');

serve(async (request) => {
  const { payload } = await jwtVerify(bearerOf(request), keys, { issuer });
  return {
    status: 200,
    body: {
      opened: `the letters of ${payload.sub}`,
      token_was_made_for: payload.aud,
      token_was_given_to: payload['client_id'],
    },
  };
});
