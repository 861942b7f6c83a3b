import { generateKeyPairSync, scryptSync } from 'node:crypto';
import { parseServerConfig } from '@onbehalf/authorization-server';
import { ConfigurationError, GrantType, TokenType } from '@onbehalf/oauth-protocol';
import fc from 'fast-check';

/** The only one whose hash is in these configurations. */
export const PASSWORD = 'password';

/** What the clients of these configurations sign with, where they authenticate by private_key_jwt. */
export const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

// the cheapest that is accepted: a hash is made in each case
const hashes = [
  { N: 2 ** 14, r: 8, p: 1 },
  { N: 2 ** 10, r: 32, p: 4 },
].map(({ N, r, p }) => {
  const salt = Buffer.alloc(16, 1);
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${scryptSync(PASSWORD, salt, 32, { N, r, p }).toString('base64url')}`;
});

/** Mostly what is accepted; and, as somebody may write it, anything. */
const mostly = <Value>(usual: fc.Arbitrary<Value>, other: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ arbitrary: usual, weight: 30 }, { arbitrary: other, weight: 1 });
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });

const anything = fc.string({ minLength: 1, unit: 'binary' });
const ascii = fc.string({ minLength: 1, maxLength: 40 });
const trimmed = ascii.filter((text) => text === text.trim());
const graphemes = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text === text.trim());
const clientId = mostly(fc.oneof(trimmed, fc.webUrl(), fc.uuid()), anything);
const secret = mostly(fc.oneof(ascii, fc.base64String({ minLength: 4 })), anything);
const name = mostly(fc.oneof(trimmed, graphemes, fc.webUrl(), fc.emailAddress()), anything);
const scopeToken = ascii.map((text) => text.replaceAll(/[\s"\\]/g, '')).filter((text) => text.length > 0);
const scope = mostly(fc.oneof(scopeToken, fc.constantFrom('read', 'write:all', 'constructor', '__proto__')), ascii);
const seconds = fc.oneof(
  fc.integer({ min: 60, max: 10 ** 6 }),
  fc.maxSafeNat().map((number) => number + 60),
);
const uri = fc.oneof(
  fc.webUrl({ withQueryParameters: true }),
  graphemes.map((text) => `urn:example:${encodeURIComponent(text)}`),
  mostly(fc.constant('urn:example:api'), anything),
);
// as URLs are written that come back in a Location
const redirectUri = fc
  .tuple(fc.webUrl(), fc.constantFrom('', '?app=1'))
  .map(([url, query]) => new URL(url + query).href);
const email = mostly(
  fc.tuple(trimmed, fc.domain()).map(([box, domain]) => `${box.replaceAll(/\W/g, '') || 'box'}@${domain}`),
  fc.emailAddress(),
);
const algorithm = optional(fc.constantFrom('ES256', 'RS256'));
const WAYS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
const window = optional(seconds);

const parts = fc.record({
  audiences: fc.tuple(name, name),
  uris: fc.tuple(optional(uri), optional(uri)),
  typ: optional(fc.constantFrom('at+jwt', 'jwt')),
  algorithms: fc.tuple(algorithm, algorithm, algorithm),
  scopes: fc.tuple(scope, scope),
  clients: fc.tuple(clientId, clientId),
  secrets: fc.tuple(secret, secret),
  authentications: fc.tuple(fc.constantFrom(...WAYS, 'none' as const), fc.constantFrom(...WAYS)),
  assertionAudience: fc.constantFrom('issuer', 'token_endpoint'),
  compatible: optional(fc.constant('spring')),
  redirectUri,
  more: fc.record(
    {
      postLogoutRedirectUris: fc.array(redirectUri),
      allowedOrigins: fc.array(fc.webUrl().map((u) => new URL(u).origin)),
    },
    { requiredKeys: [] },
  ),
  listsResources: fc.boolean(),
  user: fc.record(
    {
      username: name,
      passwordHash: fc.constantFrom(...hashes),
      ...{ name, givenName: name, familyName: name, email, protected: fc.boolean(), keepsSessions: fc.boolean() },
    },
    { requiredKeys: ['username', 'passwordHash'] },
  ),
  isEntitled: fc.boolean(),
  edge: fc.record(
    {
      ...{ id: name, maxDepth: fc.integer({ min: 1, max: 12 }), timeToLive: seconds, maxAuthenticationAge: seconds },
      mayAct: fc.constantFrom('keep', 'spent'),
      actor: fc.constantFrom('client', 'either'),
      subjectTypes: fc.constant([TokenType.AccessToken, TokenType.Jwt]),
      issues: fc.constantFrom([TokenType.AccessToken], [TokenType.Jwt, TokenType.AccessToken]),
      reason: fc.constantFrom('optional'),
      ...{ allowCycle: fc.boolean(), rebind: fc.boolean(), sharesToken: fc.boolean() },
    },
    { requiredKeys: [] },
  ),
  requires: fc.boolean(),
  hasDefaultTarget: fc.boolean(),
  subProfile: optional(name),
  trusted: optional(fc.oneof(fc.webUrl(), fc.constant('urn:example:issuer'))),
  generation: optional(fc.integer({ min: 1 })),
  lifetimes: fc.record(
    { accessToken: seconds, refreshToken: seconds, refreshGrace: fc.integer({ min: 0, max: 300 }), session: seconds },
    { requiredKeys: [] },
  ),
  windows: fc.record({ login: window, token: window, authorization: window }),
});

/** What a configuration is made of. */
export type Parts = typeof parts extends fc.Arbitrary<infer Value> ? Value : never;

/** The configurations that the schema accepts. */
export const acceptedParts: fc.Arbitrary<Parts> = parts.filter(isAccepted);

export function configurationOf(made: Parts): object {
  const { audiences, uris, typ, algorithms, scopes, trusted, windows } = made;
  const jwks = { keys: [clientKey.publicKey.export({ format: 'jwk' })] };
  const config = {
    generation: made.generation,
    resources: [0, 1].map((i) => ({
      ...{ audience: audiences[i], resource: uris[i], scopes: [scopes[i]], signingAlgorithm: algorithms[i], typ },
    })),
    clients: clientsOf(made),
    users: [{ ...made.user, ...(made.isEntitled && { entitledScopes: [...scopes] }) }],
    edges: [
      {
        ...made.edge,
        ...{ client: made.clients[1], subjectAudience: audiences[0], target: audiences[1], mode: 'delegation' },
        scopes: Object.fromEntries([[scopes[1], made.requires ? { requires: [scopes[0]] } : {}]]),
      },
    ],
    ...(trusted !== undefined && { trustedIssuers: [{ issuer: trusted, jwks, algorithms: ['ES256'] }] }),
    lifetimes: made.lifetimes,
    rateLimits: Object.fromEntries(Object.entries(windows).map(([kind, time]) => [kind, { window: time }])),
  };
  // as it comes from a file
  return JSON.parse(JSON.stringify(config)) as object;
}

function clientsOf(made: Parts): object[] {
  const { audiences, algorithms, scopes, compatible, listsResources, hasDefaultTarget, subProfile } = made;
  return [
    {
      ...{
        clientId: made.clients[0],
        compatible,
        redirectUris: [made.redirectUri],
        ...credentialsOf(made, 0),
        ...made.more,
      },
      ...{ grantTypes: ['authorization_code'], scopes: ['openid', scopes[0]], defaultResource: audiences[0] },
      ...(listsResources && { resources: [...audiences] }),
      idTokenSigningAlgorithm: algorithms[2],
    },
    {
      ...{ clientId: made.clients[1], subProfile, ...credentialsOf(made, 1) },
      ...{ grantTypes: [GrantType.TokenExchange], represents: [audiences[0]] },
      ...(hasDefaultTarget && { defaultTarget: audiences[1] }),
    },
  ];
}

function credentialsOf({ authentications, secrets, assertionAudience }: Parts, i: 0 | 1): object {
  const authentication = authentications[i];
  if (authentication === 'none') return { authentication };
  if (authentication !== 'private_key_jwt') return { authentication, secret: secrets[i] };
  const jwks = { keys: [clientKey.publicKey.export({ format: 'jwk' })] };
  return { authentication, jwks, assertionAudience };
}

function isAccepted(made: Parts): boolean {
  try {
    parseServerConfig(configurationOf(made), {});
    return true;
  } catch (error) {
    const all: unknown[] = error instanceof AggregateError ? error.errors : [error];
    if (!all.every((each) => each instanceof ConfigurationError)) throw error;
    return false;
  }
}
