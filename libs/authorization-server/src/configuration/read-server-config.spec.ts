import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { parseServerConfig, readServerConfig } from './read-server-config.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

function minimal() {
  return {
    resources: [
      { audience: 'a', scopes: ['a.read'] },
      { audience: 'b', resource: 'https://b.example', scopes: ['b.read'] },
    ],
    clients: [{ clientId: 'service-a', secret: '${SECRET}', grantTypes: [EXCHANGE], represents: ['a'] }],
    users: [] as object[],
    edges: [
      {
        client: 'service-a',
        subjectAudience: 'a',
        target: 'b',
        mode: 'delegation',
        actor: 'client',
        scopes: { 'b.read': { requires: ['a.read'] } },
      },
    ],
  };
}

/** Sets the value at a path; a `|` in it stands for a dot. */
function change(config: object, path: string, value: unknown): void {
  const steps = path.split('.').map((step) => step.replace('|', '.'));
  const last = steps.pop()!;
  const parent = steps.reduce((node, step) => (node as Record<string, object>)[step]!, config);
  (parent as Record<string, unknown>)[last] = value;
}

/** What is told, a line each. */
function mistakesOf(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    const { errors = [error] } = error as Partial<AggregateError>;
    return (errors as Error[]).map(({ message }) => message);
  }
}

describe('the configuration file', () => {
  const environment = { SECRET: 's3cret' };
  let raw: ReturnType<typeof minimal>;

  beforeEach(() => {
    raw = minimal();
  });

  it('takes secrets and other values from the environment', () => {
    change(raw, 'clients.0.redirectUris', ['${URL:-http://localhost:8080}/callback']);
    const { clients } = parseServerConfig(raw, environment);
    expect(clients[0]).toMatchObject({ secret: 's3cret', redirectUris: ['http://localhost:8080/callback'] });
  });

  it('takes secrets from the files that NAME_FILE names', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'secret-')), 'secret');
    const secret = randomUUID();
    writeFileSync(path, `${secret}\n`);
    expect(parseServerConfig(raw, { SECRET_FILE: path }).clients[0]).toMatchObject({ secret });
    expect(mistakesOf(() => parseServerConfig(raw, { SECRET_FILE: `${path}.gone` }))).toEqual([
      `SECRET_FILE is "${path}.gone"; accepted: a text file that can be read (ENOENT)`,
    ]);
  });

  it('takes any URI as a token type and as an issuer', () => {
    change(raw, 'edges.0.subjectTypes', ['https://types.example/ticket']);
    change(raw, 'edges.0.subjectIssuers', ['urn:example:partner']);
    change(raw, 'trustedIssuers', [
      { issuer: 'urn:example:partner', jwksUri: 'https://keys.example', algorithms: ['ES256'] },
    ]);
    expect(parseServerConfig(raw, environment).trustedIssuers[0]).toMatchObject({ issuer: 'urn:example:partner' });
  });

  it('registers nothing that it does not name', () => {
    const { clients, edges } = parseServerConfig({ clients: [] }, {});
    expect([clients, edges]).toEqual([[], []]);
  });

  it.each<[string, string, unknown, string]>([
    [
      'an unknown grant type',
      'clients.0.grantTypes',
      ['token-exchange'],
      `config.yaml: clients[0].grantTypes[0] is "token-exchange"; accepted: the full URN, ${EXCHANGE}`,
    ],
    [
      'a grant type that is not supported',
      'clients.0.grantTypes',
      ['password'],
      `config.yaml: clients[0].grantTypes[0] is "password"; accepted: one of authorization_code, refresh_token, client_credentials, ${EXCHANGE}`,
    ],
    [
      'a missing secret',
      'clients.0.secret',
      undefined,
      'config.yaml: clients[0].secret is missing; accepted: a secret, because authentication is client_secret_basic',
    ],
    [
      'an empty secret',
      'clients.0.secret',
      '',
      'config.yaml: clients[0].secret is "(hidden)"; accepted: a non-empty secret',
    ],
    [
      'a secret for a public client',
      'clients.0.authentication',
      'none',
      'config.yaml: clients[0].secret is "(hidden)"; accepted: no secret, because authentication is none',
    ],
    [
      'private_key_jwt without keys',
      'clients.0',
      { clientId: 'service-a', authentication: 'private_key_jwt', grantTypes: [EXCHANGE] },
      'config.yaml: clients[0].jwks is missing; accepted: public keys exactly for private_key_jwt',
    ],
    [
      'a variable that is not set',
      'clients.0.secret',
      '${NOT_SET}',
      'NOT_SET is missing; accepted: a value, because config.yaml: clients[0].secret refers to it',
    ],
    [
      'an edge of an unknown client',
      'edges.0.client',
      'stranger',
      'config.yaml: edges[0].client is "stranger"; accepted: the clientId of a registered client',
    ],
    [
      'an edge of a client that may not exchange',
      'clients.0.grantTypes',
      ['client_credentials'],
      `config.yaml: edges[0].client is "service-a"; accepted: a client with grant type ${EXCHANGE}`,
    ],
    ['an edge to an unknown resource', 'edges.0.target', 'c', 'config.yaml: edges[0].target is "c"; accepted: a, b'],
    [
      'an edge from an audience that the client does not represent',
      'edges.0.subjectAudience',
      'b',
      'config.yaml: edges[0].subjectAudience is "b"; accepted: an audience that the client represents (a)',
    ],
    [
      'an edge with an unknown scope',
      'edges.0.scopes',
      { 'b.write': {} },
      'config.yaml: edges[0].scopes is "b.write"; accepted: b.read',
    ],
    [
      'an edge that requires an unknown scope',
      'edges.0.scopes.b|read.requires',
      ['a.write'],
      'config.yaml: edges[0].scopes.b.read.requires is "a.write"; accepted: a.read',
    ],
    [
      'an impersonation with an actor',
      'edges.0.mode',
      'impersonation',
      'config.yaml: edges[0].actor is "client"; accepted: no actor, because mode is impersonation',
    ],
    [
      'two clients with one id',
      'clients.1',
      { clientId: 'service-a', secret: 'another', grantTypes: [EXCHANGE] },
      'config.yaml: clients[1].clientId is "service-a"; accepted: a value that no other entry has; config.yaml: clients[0].clientId has it',
    ],
    [
      'an edge whose id is the name of another that has none',
      'edges.1',
      { ...minimal().edges[0], id: 'service-a:a:b:delegation' },
      'config.yaml: edges[1].id is "service-a:a:b:delegation"; accepted: a value that no other entry has; config.yaml: edges[0].id has it',
    ],
    [
      'a user with the name of a client',
      'users.0',
      {
        username: 'service-a',
        passwordHash: 'scrypt$16384$8$1$c2FsdHNhbHQ$aGFzaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      },
      'config.yaml: users[0].username is "service-a"; accepted: a name that no client has as its id',
    ],
    [
      'a password that is not hashed',
      'users.0',
      { username: 'baeldung', passwordHash: 'password' },
      'config.yaml: users[0].passwordHash is "(hidden)"; accepted: a hash made by: npx nx run auth-server:hash-password',
    ],
    [
      'a password in the place of a hash',
      'users.0',
      { username: 'baeldung', passwordHash: 'scrypt$password' },
      'config.yaml: users[0].passwordHash is "(hidden)"; accepted: a hash made by: npx nx run auth-server:hash-password',
    ],
    [
      'a private key of a client',
      'clients.0.jwks',
      { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'private' }] },
      'config.yaml: clients[0].jwks.keys[0] is "(hidden)"; accepted: a public key, without private members',
    ],
    [
      'an empty audience',
      'resources.0.audience',
      '',
      'config.yaml: resources[0].audience is ""; accepted: a non-empty string',
    ],
    [
      'a resource with a fragment',
      'resources.1.resource',
      'https://b.example#top',
      'config.yaml: resources[1].resource is "https://b.example#top"; accepted: an absolute URI without a fragment (RFC 8707 section 2)',
    ],
    [
      'the authorization code grant without a redirect URI',
      'clients.0.grantTypes',
      ['authorization_code', EXCHANGE],
      'config.yaml: clients[0].redirectUris is []; accepted: at least one URL for authorization_code',
    ],
    [
      'client credentials without authentication (RFC 6749 §4.4)',
      'clients.0',
      { clientId: 'pub', authentication: 'none', grantTypes: ['client_credentials'] },
      'config.yaml: clients[0].grantTypes is ["client_credentials"]; accepted: no client_credentials, because authentication is none',
    ],
    [
      'a client with the name of a foreign subject',
      'clients.0.clientId',
      'https://partner.example#ceo',
      'config.yaml: clients[0].clientId is "https://partner.example#ceo"; accepted: a name unlike iss#sub, by which subjects of other issuers are known',
    ],
    [
      'a user with the name of a foreign subject',
      'users.0',
      {
        username: 'HTTPS://partner.example/#ceo',
        passwordHash: 'scrypt$16384$8$1$c2FsdHNhbHQ$aGFzaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      },
      'config.yaml: users[0].username is "HTTPS://partner.example/#ceo"; accepted: a name unlike iss#sub, by which subjects of other issuers are known',
    ],
    [
      'an issuer with a fragment',
      'trustedIssuers',
      [{ issuer: 'https://partner.example#a', algorithms: ['ES256'] }],
      'config.yaml: trustedIssuers[0].issuer is "https://partner.example#a"; accepted: a URI without fragment, and without query when it is a URL (RFC 8414 section 2)',
    ],
    [
      'an issuer with an empty fragment',
      'edges.0.subjectIssuers',
      ['https://partner.example#'],
      'config.yaml: edges[0].subjectIssuers[0] is "https://partner.example#"; accepted: a URI without fragment, and without query when it is a URL (RFC 8414 section 2)',
    ],
    [
      'an issuer that is no URL, without its keys',
      'trustedIssuers',
      [{ issuer: 'urn:example:partner', algorithms: ['ES256'] }],
      'config.yaml: trustedIssuers[0].jwksUri is missing; accepted: jwks or jwksUri, because nothing can be found at urn:example:partner',
    ],
    [
      'a tenant that nobody asks for',
      'trustedIssuers',
      [{ issuer: 'https://partner.example', algorithms: ['ES256'], tenant: 't1' }],
      'config.yaml: trustedIssuers[0].tenant is "t1"; accepted: a tenant together with the usage id-jag',
    ],
    [
      'claims that ID tokens have as well',
      'trustedIssuers',
      [{ issuer: 'https://partner.example', algorithms: ['ES256'], requiredClaims: ['email'] }],
      'config.yaml: trustedIssuers[0].requiredClaims[0] is "email"; accepted: claims that ID tokens do not have',
    ],
    [
      'a token type that is no URI',
      'edges.0.subjectTypes',
      ['saml2'],
      'config.yaml: edges[0].subjectTypes[0] is "saml2"; accepted: the URI of a token type (RFC 8693 section 3)',
    ],
    ...['openid', 'profile', 'email', 'offline_access'].map((scope): [string, string, unknown, string] => [
      `the scope ${scope} at a resource`,
      'resources.0.scopes',
      ['user.read', scope],
      `config.yaml: resources[0].scopes[1] is "${scope}"; accepted: a scope that is not one of this server itself`,
    ]),
    [
      'a setting that does not exist',
      'clients.0.redirectUrl',
      'http://localhost',
      'config.yaml: clients[0].redirectUrl is "http://localhost"; accepted: no such setting here',
    ],
  ])('refuses %s with one line, before those of what follows from it', (_, path, value, message) => {
    change(raw, path, value);
    const told = mistakesOf(() => parseServerConfig(raw, environment, { file: 'config.yaml' }));
    expect(told[0]).toBe(message);
  });

  describe('with several mistakes', () => {
    const text = `
clients:
  - clientId: one
    secret: \${NOT_SET}
    grantTypes: [client_credentials]
  - clientId: two
    secret: \${NOT_SET}
    grantTypes: [client_credentials]
    defaultTarget: nowhere
  - &three
    clientId: three
    secret: \${NOT_SET_EITHER}
    grantTypes: [client_credentials]
    scopes: [dotted.scope]
edges:
  - client: nobody
    target: nowhere
    mode: impersonation
    scopes:
      dotted.scope: { requires: [more.dots] }
`;
    const read = (text: string, environment: Record<string, string>, withoutSecrets = false) => {
      const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'config.yaml');
      writeFileSync(path, text);
      return mistakesOf(() => readServerConfig(path, environment, { withoutSecrets }));
    };
    const SET = { NOT_SET: 'a', NOT_SET_EITHER: 'b' };

    it('tells each, with the file, the line and the setting', () => {
      expect(read(text, SET).map((line) => line.split(' is ')[0])).toEqual([
        'config.yaml:9: clients[1].defaultTarget',
        'config.yaml:14: clients[2].scopes[0]',
        'config.yaml:16: edges[0].client',
        'config.yaml:17: edges[0].target',
        'config.yaml:19: edges[0].scopes',
        'config.yaml:20: edges[0].scopes.dotted.scope.requires',
      ]);
    });

    it('tells each variable that is not set once, before all else', () => {
      expect(read(text, {})).toEqual([
        'NOT_SET is missing; accepted: a value, because config.yaml:4: clients[0].secret refers to it',
        'NOT_SET_EITHER is missing; accepted: a value, because config.yaml:12: clients[2].secret refers to it',
        ...read(text, SET),
      ]);
    });

    it('tells all members that are unknown or of the wrong kind', () => {
      expect(
        read('clients:\n  - clientId: [a]\n    secrt: a\n    grantType: b\nlifetimes: { accessToken: long }\n', {}),
      ).toEqual([
        expect.stringMatching(/^config.yaml:2: clients\[0\]\.clientId is /),
        expect.stringMatching(/^config.yaml:2: clients\[0\]\.grantTypes is missing/),
        'config.yaml:3: clients[0].secrt is "(hidden)"; accepted: no such setting here',
        'config.yaml:4: clients[0].grantType is "b"; accepted: no such setting here',
        expect.stringMatching(/^config.yaml:5: lifetimes\.accessToken is "long"/),
      ]);
    });

    it('tells no secret of what stands in a wrong place', () => {
      const secret = randomUUID();
      for (const text of [
        `clients: { clientId: a, secret: ${secret} }`,
        `clients: [{ clientId: a, grantTypes: [client_credentials], login: [{ password: ${secret} }] }]`,
        `templates: { clients: [{ secret: ${secret} }] }`,
        `defaults: { clients: { secret: ${secret} } }`,
      ]) {
        const lines = read(text, {}).join('\n');
        expect(lines).toContain('(hidden)');
        expect(lines).not.toContain(secret);
      }
    });

    it('tells a secret of a variable that stands in a wrong place by its name', () => {
      const [secret, inFile] = [randomUUID(), randomUUID()];
      const path = join(mkdtempSync(join(tmpdir(), 'secret-')), 'of-a');
      writeFileSync(path, inFile);
      const environment = { A_SECRET: secret, OF_A_FILE: path, A_URL: 'nowhere' };
      const wrong = `
resources: [{ audience: a, scopes: ['\${OF_A}'], resource: '\${A_URL}' }]
clients:
  - { clientId: a, secret: '\${A_SECRET}', grantTypes: ['x \${A_SECRET}'] }
  - '\${OF_A}'
  - { clientId: b, secret: '\${A_SECRET}', grantTypes: [client_credentials], redirectUris: { a: '\${OF_A}' } }
`;
      const references = `
resources: [{ audience: a, scopes: ['\${OF_A}'] }]
clients:
  - { clientId: '\${OF_A}', secret: '\${A_SECRET}', grantTypes: [client_credentials], scopes: ['\${A_SECRET}'], defaultResource: a }
  - { clientId: '\${OF_A}', secret: '\${A_SECRET}', grantTypes: [client_credentials], defaultResource: a }
`;
      const told = [...read(wrong, environment), ...read(references, environment)].join('\n');
      expect(told).toContain('resources[0].resource is "nowhere"');
      expect(told).toContain('clients[0].grantTypes[0] is "x ${A_SECRET}"');
      expect(told).toContain('clients[1] is "${OF_A}"');
      expect(told).toContain('clients[0].scopes[0] is "${A_SECRET}"');
      expect(told).toContain('clients[1].clientId is "${OF_A}"');
      expect(told).not.toMatch(new RegExp(`${secret}|${inFile}`));
    });

    it('looks at a file without its secrets: the mistakes that do not depend on them are all told', () => {
      expect(read(text, {}, true)).toEqual(read(text, SET));
    });

    it('something fits wherever a variable may stand, and what is equal stays so', () => {
      const complete = `
resources: [{ audience: '\${SHOP}', resource: '\${SHOP_URL}' }, { audience: '\${DEPOT}', resource: '\${DEPOT_URL}/api' }]
clients:
  - { clientId: '\${A}', secret: '\${B}', grantTypes: [client_credentials], defaultResource: '\${SHOP}', dpopBound: '\${BOUND}' }
users: [{ username: alice, passwordHash: '\${HASH}', email: 'a@b.example' }]
lifetimes: { accessToken: '\${SECONDS}' }
`;
      expect(read(complete, {}, true)).toEqual([]);
      expect(
        read(complete.replace("defaultResource: '${SHOP}'", "defaultResource: '${OTHER}'"), {}, true),
      ).toHaveLength(1);
    });
  });

  describe('looked at without its secrets', () => {
    const look = (text: string, environment: Record<string, string> = {}) => {
      const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'config.yaml');
      writeFileSync(path, text);
      return mistakesOf(() => readServerConfig(path, environment, { withoutSecrets: true }));
    };

    it('tells nothing that nobody has written', () => {
      const told = look(`
resources: [{ audience: '\${SHOP}', scopes: ['\${SCOPE}'] }, { audience: '\${shop}', resource: '\${URL}' }]
clients:
  - { clientId: '\${A}', secret: '\${B}', grantTypes: [client_credentials], scopes: ['x.\${SCOPE}'], defaultResource: '\${OTHER}' }
  - { clientId: '\${A}', secret: '\${B}', grantTypes: [client_credentials], secrt: '\${B}', dpopBound: [{ a: '\${URL}' }] }
lifetimes: { accessToken: '\${SECONDS}', session: '\${SECONDS}s', nothing: ['\${SECONDS}'] }
`);
      const references = look(`
resources: [{ audience: '\${SHOP}', resource: '\${URL}' }, { audience: '\${shop}', resource: '\${URL}' }]
clients:
  - { clientId: '\${A}', secret: '\${B}', grantTypes: [client_credentials], scopes: ['x.\${SCOPE}'], defaultResource: '\${OTHER}' }
  - { clientId: '\${A}', secret: '\${B}', grantTypes: [client_credentials], defaultResource: '\${SHOP}' }
`);
      expect(told.join('\n')).toContain('config.yaml:6: lifetimes.nothing is ["${SECONDS}"]');
      expect(references).toContainEqual(
        'config.yaml:4: clients[0].defaultResource is "${OTHER}"; accepted: ${SHOP}, ${shop}',
      );
      expect(references).toContainEqual(expect.stringContaining('resources[1].resource is "${URL}"; accepted: '));
      expect(references).toContainEqual(expect.stringMatching(/^config\.yaml:5: clients\[1\]\.clientId is "\$\{A\}"/));
      expect([...told, ...references].join('\n')).not.toMatch(/example|scrypt|\b1\b(?!\])|true/);
    });

    it('has something that fits for words of the schema, too, and tells what nothing fits for as it is written', () => {
      const file = (more: string): string => `
resources: [{ audience: a }]
clients: [{ clientId: a, secret: '\${B}', grantTypes: [client_credentials], consent: '\${CONSENT}' }]
pages: { colors: { light: { accent: '\${ACCENT}' } }${more} }
`;
      expect(look(file(''))).toEqual([]);
      expect(look(file(", nothing: '${X}'"))).toEqual([
        'config.yaml:4: pages.nothing is "${X}"; accepted: no such setting here',
      ]);
      expect(look(file(", scopes: '${SCOPES}'"))).toEqual([expect.stringContaining('pages.scopes is "${SCOPES}"')]);
    });

    it('does not judge what nobody knows yet', () => {
      const edge = '{ client: a, target: b, mode: delegation, timeToLive: 300, scopes: { b.read: {} } }';
      const file = (limit: string): string => `
defaults: { edges: { subjectAudience: a, timeToLive: ${limit} } }
resources: [{ audience: a }, { audience: b, scopes: [b.read] }]
clients:
  - clientId: a
    secret: '\${B}'
    grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']
    represents: [a]
    dpopBound: true
    certificateBound: '\${BOUND}'
edges: [${edge}]
`;
      expect(look(file("'${LIMIT}'"))).toEqual([]);
      expect(look(file('200'))).toHaveLength(1);
      expect(look(file("'${LIMIT}'"), { LIMIT: '200', BOUND: 'true' })).toHaveLength(2);
    });
  });

  it('says which file cannot be read', () => {
    expect(() => readServerConfig('/no/such/file.yaml', {})).toThrow(
      'AUTH_SERVER_CONFIG is "/no/such/file.yaml"; accepted: a readable YAML or JSON file (ENOENT)',
    );
  });

  it('says at which line a file is broken', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'config-')), 'broken.yaml');
    writeFileSync(path, 'clients:\n  - clientId: [');
    expect(() => readServerConfig(path, {})).toThrow(/^broken\.yaml is "broken at line \d+"; accepted: YAML or JSON$/);
  });
});
