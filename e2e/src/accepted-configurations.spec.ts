import { scryptSync } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { parseServerConfig, SigningKeys } from '@onbehalf/authorization-server';
import { openStore } from '@onbehalf/authorization-store';
import { ConfigurationError, GrantType, TokenType } from '@onbehalf/oauth-protocol';
import fc from 'fast-check';
import { logIn } from './authorization-code.js';
import { basic, postForm, type Answer, type Fields } from './form-post.js';
import { InProcessServer } from './in-process-server.js';

const GIVEN = process.env['SCHEMA_CASES'];
const CASES = Number(GIVEN ?? 50);
/** The same cases in each run, so that only a change breaks it; others each time when their number is given. */
const SEED = GIVEN === undefined ? { seed: 8693 } : {};
const MILLISECONDS_PER_CASE = 2000;

const salt = Buffer.alloc(16, 1);
const cost = { N: 2 ** 14, r: 8, p: 1 };
const [short, usual, long] = [16, 32, 64].map((length) => {
  const hash = scryptSync('password', salt, length, cost);
  return `scrypt$16384$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`;
});

const name = fc.oneof(fc.string({ minLength: 1 }), fc.string({ minLength: 1, unit: 'grapheme' }), fc.webUrl());
const scope = fc.oneof(fc.string({ minLength: 1, maxLength: 20 }), fc.constantFrom('read', 'openid', 'email'));
const seconds = fc.oneof(
  fc.integer({ min: 60, max: 10 ** 6 }),
  fc.maxSafeNat().map((number) => number + 60),
);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const uri = fc.oneof(
  fc.webUrl({ withQueryParameters: true }),
  name.map((text) => `urn:example:${text}`),
);
// as URLs are written that come back in a Location
const redirectUri = fc.webUrl().map((url) => new URL(url).href);
const algorithm = optional(fc.constantFrom('ES256', 'RS256'));
const authentication = fc.constantFrom('client_secret_basic', 'client_secret_post');

const parts = fc.record({
  audiences: fc.tuple(name, name),
  uris: fc.tuple(optional(uri), optional(uri)),
  typ: optional(fc.constantFrom('at+jwt', 'jwt')),
  algorithms: fc.tuple(algorithm, algorithm, algorithm),
  scopes: fc.tuple(scope, scope),
  clients: fc.tuple(name, name),
  secrets: fc.tuple(name, name),
  authentications: fc.tuple(fc.oneof(authentication, fc.constant('none')), authentication),
  compatible: optional(fc.constant('spring')),
  redirectUri,
  username: name,
  passwordHash: fc.constantFrom(usual, short, usual, long, usual),
  fullName: optional(name),
  email: optional(fc.emailAddress()),
  mayAct: optional(fc.constantFrom('keep', 'spent')),
  maxDepth: optional(fc.integer({ min: 1, max: 20 })),
  requires: fc.boolean(),
  subProfile: optional(name),
  timeToLive: optional(seconds),
  lifetimes: fc.record({ accessToken: seconds, refreshToken: seconds, session: seconds }, { requiredKeys: [] }),
});
type Parts = typeof parts extends fc.Arbitrary<infer Value> ? Value : never;

function configurationOf(made: Parts): object {
  const { audiences, uris, typ, algorithms, scopes, clients, secrets, authentications } = made;
  const { compatible, requires, mayAct, maxDepth, timeToLive, lifetimes, subProfile } = made;
  const [login, service] = clients;
  const config = {
    resources: [0, 1].map((i) => ({
      ...{ audience: audiences[i], resource: uris[i], scopes: [scopes[i]], signingAlgorithm: algorithms[i], typ },
    })),
    clients: [
      {
        ...{ clientId: login, authentication: authentications[0], compatible, redirectUris: [made.redirectUri] },
        ...(authentications[0] !== 'none' && { secret: secrets[0] }),
        ...{ grantTypes: ['authorization_code'], scopes: ['openid', scopes[0]], defaultResource: audiences[0] },
        idTokenSigningAlgorithm: algorithms[2],
      },
      {
        ...{ clientId: service, authentication: authentications[1], secret: secrets[1], subProfile },
        ...{ grantTypes: [GrantType.TokenExchange], represents: [audiences[0]] },
      },
    ],
    users: [{ username: made.username, passwordHash: made.passwordHash, name: made.fullName, email: made.email }],
    edges: [
      {
        ...{ client: service, subjectAudience: audiences[0], target: audiences[1], mode: 'delegation' },
        ...{ scopes: { [scopes[1]]: requires ? { requires: [scopes[0]] } : {} }, mayAct, maxDepth, timeToLive },
      },
    ],
    lifetimes,
  };
  // as it comes from a file
  return JSON.parse(JSON.stringify(config)) as object;
}

function isAccepted(made: Parts): boolean {
  try {
    parseServerConfig(configurationOf(made), {});
    return true;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return false;
  }
}

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

async function signIn({ clients, secrets, authentications, scopes, ...made }: Parts, issuer: string): Promise<string> {
  const [clientId] = clients;
  const authorization = authentications[0] === 'client_secret_basic' ? basic(clientId, secrets[0]) : undefined;
  const request = { issuer, clientId, redirectUri: made.redirectUri, scope: `openid ${scopes[0]}` };
  const user = { username: made.username, password: 'password' };
  const secret = authentications[0] === 'client_secret_post' ? { client_secret: secrets[0] } : {};
  const { status, body } = await logIn(
    { ...request, ...user, ...(authorization && { authorization }) },
    undefined,
    secret,
  );
  expect([status, typeof body['access_token'], typeof body['id_token']]).toEqual([200, 'string', 'string']);
  return String(body['access_token']);
}

function exchange(
  { clients, secrets, authentications, audiences }: Parts,
  issuer: string,
  token: string,
): Promise<Answer> {
  const [, clientId] = clients;
  const fields: Fields = {
    grant_type: GrantType.TokenExchange,
    subject_token: token,
    subject_token_type: TokenType.AccessToken,
    audience: audiences[1],
  };
  return authentications[1] === 'client_secret_basic'
    ? postForm(`${issuer}/oauth2/token`, fields, { authorization: basic(clientId, secrets[1]) })
    : postForm(`${issuer}/oauth2/token`, { ...fields, client_id: clientId, client_secret: secrets[1] });
}

it(
  `${CASES} configurations that the schema accepts serve a login and an exchange`,
  async () => {
    const keys = await SigningKeys.generate();
    await fc.assert(
      fc.asyncProperty(parts.filter(isAccepted), (made) => serve(made, keys)),
      { numRuns: CASES, ...SEED },
    );
  },
  CASES * MILLISECONDS_PER_CASE + 60_000,
);
