import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { SigningKeys } from '@onbehalf/authorization-server';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import { type Answer, basic, type Fields, logIn, postForm } from '@onbehalf/testing-internal';
import { acceptedParts, clientKey, configurationOf, PASSWORD, type Parts } from './generated-configuration.js';
import { InProcessServer } from './in-process-server.js';

const GIVEN = process.env['SCHEMA_CASES'];
const CASES = Number(GIVEN ?? 100);
/** The same cases in each run, so that only a change breaks it; others each time when their number is given. */
const SEED = GIVEN === undefined ? { seed: 8693 } : {};
/** Servers that run side by side: while one hashes a password, another answers. */
const AT_ONCE = 4;
const MILLISECONDS_PER_CASE = 2000;

async function serve(made: Parts, keys: SigningKeys): Promise<void> {
  const store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
  const server = await InProcessServer.start(configurationOf(made), { store, keys });
  try {
    const { issuer } = server;
    const token = await signIn(made, issuer);
    const { status, body } = await exchange(made, issuer, token);
    expect([status, body['scope']]).toEqual([200, made.scopes[1]]);
  } finally {
    await server.stop();
    await store.close();
  }
}

/** What a client sends to authenticate, in the header or the form. */
async function credentials(
  { clients, secrets, authentications, assertionAudience }: Parts,
  i: 0 | 1,
  issuer: string,
): Promise<{ readonly authorization?: string; readonly fields: Fields }> {
  const clientId = clients[i];
  const by = authentications[i];
  if (by === 'client_secret_basic') return { authorization: basic(clientId, secrets[i]), fields: {} };
  if (by === 'client_secret_post') return { fields: { client_id: clientId, client_secret: secrets[i] } };
  if (by === 'none') return { fields: { client_id: clientId } };
  const assertion = new SignJWT({ iss: clientId, sub: clientId, jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuedAt()
    .setExpirationTime('1m')
    .setAudience(assertionAudience === 'issuer' ? issuer : `${issuer}/oauth2/token`);
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const signed = await assertion.sign(clientKey.privateKey);
  return { fields: { client_id: clientId, client_assertion_type: type, client_assertion: signed } };
}

async function signIn(made: Parts, issuer: string): Promise<string> {
  const { scopes, redirectUri, user, clients } = made;
  const { authorization, fields } = await credentials(made, 0, issuer);
  const login = { issuer, clientId: clients[0], redirectUri, scope: `openid ${scopes[0]}` };
  const person = { username: user.username, password: PASSWORD };
  const { status, body } = await logIn(
    { ...login, ...person, ...(authorization !== undefined && { authorization }) },
    undefined,
    fields,
  );
  expect([status, typeof body['access_token'], typeof body['id_token']]).toEqual([200, 'string', 'string']);
  return String(body['access_token']);
}

async function exchange(made: Parts, issuer: string, token: string): Promise<Answer> {
  const { authorization, fields } = await credentials(made, 1, issuer);
  const target = made.hasDefaultTarget ? {} : { audience: made.audiences[1] };
  const subject = { subject_token: token, subject_token_type: TokenType.AccessToken };
  return postForm(
    `${issuer}/oauth2/token`,
    { grant_type: GrantType.TokenExchange, ...subject, ...target, ...fields },
    authorization === undefined ? {} : { authorization },
  );
}

it(
  `${CASES} configurations that the schema accepts serve a login and an exchange`,
  async () => {
    const keys = await SigningKeys.generate();
    const some = fc.array(acceptedParts, { minLength: AT_ONCE, maxLength: AT_ONCE });
    await fc.assert(
      fc.asyncProperty(some, async (made) => void (await Promise.all(made.map((each) => serve(each, keys))))),
      { numRuns: Math.ceil(CASES / AT_ONCE), ...SEED },
    );
  },
  CASES * MILLISECONDS_PER_CASE + 60_000,
);
