// A login with openid-client, for Node.js.
import { createInterface } from 'node:readline/promises';
import { URL } from 'node:url';
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SIGNED_OUT_URI } = process.env;
const config = await client.discovery(
  new URL(ISSUER),
  CLIENT_ID,
  undefined,
  client.ClientSecretBasic(CLIENT_SECRET),
  // the issuer of the tests is on loopback
  { execute: [client.allowInsecureRequests] },
);
// signatures too, which OpenID Connect lets a client take from TLS
client.enableNonRepudiationChecks(config);

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
const address = client.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT_URI,
  scope: 'openid profile offline_access notes.read',
  state: expectedState,
  nonce: expectedNonce,
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
});
console.log(address.href);

const lines = createInterface({ input: process.stdin });
const { value: back } = await lines[Symbol.asyncIterator]().next();
const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
const tokens = await client.authorizationCodeGrant(config, new URL(back), checks);
const { sub } = tokens.claims();
const { name } = await client.fetchUserInfo(config, tokens.access_token, sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const again = await client.fetchUserInfo(config, refreshed.access_token, sub);
const logout = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: SIGNED_OUT_URI,
  id_token_hint: tokens.id_token,
});
console.log(JSON.stringify({ sub, name, refreshed: again.sub, logout: logout.href }));
lines.close();
