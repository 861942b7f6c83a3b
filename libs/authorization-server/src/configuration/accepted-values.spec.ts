import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { GrantType, MAX_ACTORS } from '@onbehalf/oauth-protocol';
import { RegistrationDocuments } from '../registrations/documents/registration-documents.js';
import { parseServerConfig, readServerConfig } from './read-server-config.js';

const HASH = 'scrypt$65536$8$2$NvU246RNnZZfY6i1KNADQA$eRixKyWDKoZ_obe2sCDcpeiFxmvZ0xk7vA-W19hOt88';
const client = { clientId: 'app', secret: 'secret', grantTypes: ['authorization_code'], redirectUris: ['https://a/b'] };
const keyed = (key: object) => ({
  clients: [
    { clientId: 'app', authentication: 'private_key_jwt', grantTypes: ['client_credentials'], jwks: { keys: [key] } },
  ],
});
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const trusted = (change: object) => ({ trustedIssuers: [{ issuer: 'https://i', algorithms: ['ES256'], ...change }] });
const named = (username: string) => ({ users: [{ username, passwordHash: HASH }] });
const clients = (change: object) => ({ clients: [{ ...client, ...change }] });

const edge = (change: object) => ({
  resources: [{ audience: 'a', scopes: ['s'] }],
  clients: [{ clientId: 'app', secret: 'secret', grantTypes: [GrantType.TokenExchange], represents: ['a'] }],
  edges: [
    {
      ...{ client: 'app', subjectAudience: 'a', target: 'a', mode: 'delegation', allowCycle: true, scopes: { s: {} } },
      ...change,
    },
  ],
});

describe('what the start accepts works later', () => {
  it('the values that are right where others are refused', () => {
    const right = [
      ...['ES256', 'RS256'].map((idTokenSigningAlgorithm) => clients({ idTokenSigningAlgorithm })),
      ...['at+jwt', 'jwt'].map((typ) => ({ resources: [{ audience: 'a', typ }] })),
      ...['keep', 'spent'].map((mayAct) => edge({ mayAct })),
      trusted({ jwks: { keys: [ec] }, profile: 'spring' }),
      ...[
        'https://a',
        'http://a_b.c:8080',
        'http://127.0.0.1',
        'http://[::1]:5173',
        'https://xn--bcher-kva.example',
      ].map((o) => clients({ allowedOrigins: [o] })),
    ];
    for (const config of right) expect(() => parseServerConfig(config, {})).not.toThrow();
  });

  it.each([
    [MAX_ACTORS + 1, `at most ${MAX_ACTORS}`],
    [0, 'more than 0'],
    [1.5, 'a whole number'],
  ])('says what is accepted in place of %d actors', (maxDepth, accepted) => {
    expect(() => parseServerConfig(edge({ maxDepth }), {})).toThrow(
      `configuration: edges[0].maxDepth is ${maxDepth}; accepted: ${accepted}`,
    );
  });

  it.each<[string, object]>([
    ['a fragment in a redirect URI', clients({ redirectUris: ['https://a/b#'] })],
    ['a fragment in a redirect URI after a sign-out', clients({ postLogoutRedirectUris: ['https://a/#b'] })],
    ...[
      ...['https://a/ü', 'https://ü.example/', 'https://a/b\n', 'https://a/\tb', ' https://a/b', 'https://a/b\u0000'],
      ...['https://a/\u00a0', 'https://a\\b', 'https:///a', 'https://a/%', 'https://a/?%zz', 'https://a/\ud800'],
    ].flatMap((uri): [string, object][] => [
      [`a redirect URI that is no URI, ${JSON.stringify(uri)},`, clients({ redirectUris: [uri] })],
      [`no URI after a sign-out, ${JSON.stringify(uri)},`, clients({ postLogoutRedirectUris: [uri] })],
      [`no URI of keys, ${JSON.stringify(uri)},`, trusted({ jwksUri: uri })],
    ]),
    ['credentials in the URI of keys, which nobody fetches', trusted({ jwksUri: 'https://u:p@i/keys' })],
    ['a client id that is not ASCII', clients({ clientId: 'bücher' })],
    ['a client id with a line break', clients({ clientId: 'a\nb' })],
    ['a client id that is longer than any', clients({ clientId: 'a'.repeat(201) })],
    ['a client id that no object can hold', clients({ clientId: '__proto__' })],
    ['a secret that is not ASCII', clients({ secret: 'pässword' })],
    ['a secret with a control character', clients({ secret: 'a\tb' })],
    ['two proofs of possession', clients({ dpopBound: true, certificateBound: true })],
    ['an origin with a path', clients({ allowedOrigins: ['https://a/'] })],
    ['an origin that is everybody', clients({ allowedOrigins: ['*'] })],
    ['an origin that is nobody', clients({ allowedOrigins: ['null'] })],
    ['an audience of assertions without assertions', clients({ assertionAudience: 'token_endpoint' })],
    ['an ID token algorithm that is not advertised', clients({ idTokenSigningAlgorithm: 'PS256' })],
    ...['none', 'HS256', 'EdDSA', 'rs256', 'RS256 ', '', null, ['RS256'], 'constructor'].flatMap(
      (algorithm): [string, object][] => [
        [`the ID token algorithm ${JSON.stringify(algorithm)}`, clients({ idTokenSigningAlgorithm: algorithm })],
        [
          `the algorithm ${JSON.stringify(algorithm)} of a resource`,
          { resources: [{ audience: 'a', signingAlgorithm: algorithm }] },
        ],
      ],
    ),
    ...['JWT', 'AT+JWT', 'at+jwt ', 'application/at+jwt', 'id', '', null, ['jwt'], true].map(
      (typ): [string, object] => [
        `the typ ${JSON.stringify(typ)} of a resource`,
        { resources: [{ audience: 'a', typ }] },
      ],
    ),
    ...['Spent', 'drop', 'keep ', '', null, true, ['spent']].map((mayAct): [string, object] => [
      `may_act ${JSON.stringify(mayAct)} of an edge`,
      edge({ mayAct }),
    ]),
    ...['token-endpoint', 'Issuer', 'https://a/oauth2/token', '', null, ['issuer']].map((aud): [string, object] => [
      `assertions for ${JSON.stringify(aud)}`,
      clients({ authentication: 'private_key_jwt', secret: undefined, jwks: { keys: [ec] }, assertionAudience: aud }),
    ]),
    ...['Spring', 'spring ', 'hydra', 'constructor', '', null, ['spring'], { clientId: [] }].map(
      (profile): [string, object] => [
        `the profile ${JSON.stringify(profile)} of an issuer`,
        trusted({ jwks: { keys: [ec] }, profile }),
      ],
    ),
    ...[
      ...[
        'https://a:443',
        'http://a:80',
        'HTTPS://a',
        'https://A',
        'https://*.a',
        'https://a,b',
        'https://a;b',
        'https://a?',
        'https://a#',
        'a',
      ],
      ...['https://u@a', 'https://a, https://b', 'https://a https://b', 'file://', 'https://ü.example', '', 5],
    ].map((origin): [string, object] => [
      `the origin ${JSON.stringify(origin)}`,
      clients({ allowedOrigins: [origin] }),
    ]),
    ['an RSA key without a modulus', keyed({ kty: 'RSA', e: 'AQAB' })],
    ['an elliptic curve key without a point', keyed({ kty: 'EC', crv: 'P-256', x: 'AA' })],
    ['a key of no type', keyed({ kty: 'unknown' })],
    ...[
      { ...ec, use: 'enc' },
      { ...ec, alg: 'HS256' },
      { ...ec, alg: 'none' },
      { ...ec, alg: 'RS256' },
      { ...ec, alg: 'ES384' },
      { ...rsa, alg: 'RSA-OAEP' },
      { ...ec, kid: 5 },
      { ...ec, kid: '' },
      { ...ec, x5c: 'none' },
      { ...ec, x: `${ec.x}=` },
      { ...rsa, e: 'AQ' },
      { ...rsa, e: 'BA' },
    ].map(({ n: _, ...key }): [string, object] => [
      `the key ${JSON.stringify(key)}`,
      keyed(key.kty === 'RSA' ? { ...key, n: rsa.n } : key),
    ]),
    ['an issuer without a key for its algorithms', trusted({ algorithms: ['RS256', 'ES384'], jwks: { keys: [ec] } })],
    ['a user name that begins with what nobody sees', named('\u200balice')],
    ['a user name of two lines', named('al\u2028ice')],
    ['a name with NUL', { users: [{ username: 'a', passwordHash: HASH, name: 'a\u0000' }] }],
    ['a kind of party with half a character', clients({ subProfile: 'a\ud800' })],
    ['a resource with half a character', { resources: [{ audience: 'a', resource: 'http://a/\ud800' }] }],
    ['a user name that begins with a space', named(' alice')],
    ['a user name that ends with a space', named('alice\u00a0')],
    ['a user name with NUL', named('al\u0000ice')],
    ['a user name with half a character', named('al\ud800ice')],
    ['an audience with NUL', { resources: [{ audience: 'a\u0000' }] }],
    [
      'one resource twice',
      { resources: ['http://a', 'HTTP://A:80/'].map((resource, i) => ({ audience: `${i}`, resource })) },
    ],
    [
      'a scope that no object can hold',
      {
        clients: [{ ...client, grantTypes: [GrantType.TokenExchange], represents: ['a'] }],
        edges: [
          {
            ...{ client: client.clientId, subjectAudience: 'a', target: 'a', mode: 'delegation' },
            ...(JSON.parse('{"scopes":{"__proto__":{}}}') as object),
          },
        ],
        resources: [{ audience: 'a', scopes: ['__proto__'] }],
      },
    ],
    ['a plain type for the server itself', { resources: [{ audience: 'auth-server', typ: 'jwt' }] }],
  ])('%s is refused with one line', (_, config) => {
    expect(() => parseServerConfig(config, {})).toThrow(/^configuration: [^\n]+; accepted: [^\n]+$/);
  });

  it('the same names are refused at run time', () => {
    const { ids } = new RegistrationDocuments();
    for (const schema of Object.values(ids)) expect(schema.safeParse('a\u0000').success).toBe(false);
    expect(ids.client.safeParse('bücher').success).toBe(false);
    expect(ids.user.safeParse('Zoë Müller').success).toBe(true);
  });

  it.each([
    ...[
      'a: *nobody',
      '- &a [1]\n- *b',
      'a: &a [*a',
      'a: "',
      'clients: &a [*a]',
      'clients: !unknown []',
      '%YAML 9\n---\n{}',
    ],
    ...['lifetimes: !!int { accessToken: 60 }', 'clients:\n\t- a'],
  ])('the YAML %j is one line', (text) => {
    const path = join(mkdtempSync(join(tmpdir(), 'yaml-')), 'file.yaml');
    writeFileSync(path, text);
    expect(() => readServerConfig(path, {})).toThrow(/^file\.yaml is "broken[^\n]+; accepted: YAML or JSON$/);
  });

  it('a file that is not in UTF-8 is refused, because names in it would be others', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'yaml-')), 'file.yaml');
    writeFileSync(path, Buffer.from('clients: [] # ü', 'latin1'));
    expect(() => readServerConfig(path, {})).toThrow(
      `AUTH_SERVER_CONFIG is "${path}"; accepted: a readable YAML or JSON file (not in UTF-8)`,
    );
  });

  it.each(['${', '${}', '${SECRET', '${SECRET-default}', '${SECRET:?}', '${SECRET:-${OTHER}}'])(
    '%s is no variable, and is never taken for the secret itself',
    (secret) => {
      expect(() => parseServerConfig(clients({ secret }), {})).toThrow(
        'configuration: clients[0].secret is "${…"; accepted: variables as ${NAME} or ${NAME:-default}',
      );
    },
  );

  it('a variable gives a number, true or false where one is expected, and text where text is', () => {
    const raw = {
      clients: [{ ...client, secret: '${SECRET}', dpopBound: '${BOUND}' }],
      lifetimes: { accessToken: '${TTL}', session: '${SESSION:-60}' },
    };
    const config = parseServerConfig(raw, { SECRET: '123', BOUND: 'true', TTL: '600' });
    expect(config.lifetimes).toMatchObject({ accessToken: 600, session: 60 });
    expect(config.clients[0]).toMatchObject({ secret: '123', dpopBound: true });
  });

  it.each(['ten', '1e3', 'true', '-1', '0.5', '0600', '00'])(
    '%s is no number of seconds, from a variable either',
    (value) => {
      expect(() => parseServerConfig({ lifetimes: { accessToken: '${TTL}' } }, { TTL: value })).toThrow(
        /^configuration: lifetimes\.accessToken is/,
      );
    },
  );

  it('a number that is written as text stays a mistake', () => {
    expect(() => parseServerConfig({ lifetimes: { accessToken: '600' } }, {})).toThrow(/accessToken/);
  });
});
