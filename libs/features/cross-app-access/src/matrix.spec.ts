import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { Domain, now } from './domain.fixture.js';
import { Home, HOME, homeFile, samlAssertion } from './home.fixture.js';
import { ORDERS, PARTNER, partnerFile, partnerFileFor, testIssuers } from './partner.fixture.js';

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const USAGES = { usages: ['id-jag', 'jwt-bearer'] };

/** Kinds of tokens, and where each is of use, by domain and endpoint. */
const KINDS = {
  'access token of home': ['home: subject as access_token', 'home: subject as jwt', 'home: introspected'],
  'ID token of home': ['home: subject as id_token'],
  'SAML assertion for home': ['home: subject as saml2'],
  'ID-JAG of home': ['partner: assertion'],
  'chaining grant of home': ['partner: assertion'],
  'access token of partner': ['partner: subject as access_token', 'partner: subject as jwt', 'partner: introspected'],
  'ID token of partner': [],
  'ID-JAG of partner': [],
  'client assertion for home': [],
} as const;
type Kind = keyof typeof KINDS;

const SUBJECT_TYPES = ['access_token', 'refresh_token', 'id_token', 'jwt', 'saml2', 'id-jag'] as const;

let home: Home;
let partner: Domain;

beforeAll(async () => {
  const issuers = await testIssuers();
  // each trusts the other for grants and ID-JAGs, and has clients of the same names
  partner = await Domain.open(PARTNER, partnerFile(issuers));
  home = await Home.with({
    ...homeFile,
    trustedIssuers: [{ ...partner.trusted, ...USAGES }],
    clients: [
      ...homeFile.clients,
      ...['app', 'gateway'].map((clientId) => ({
        ...homeFile.clients[0],
        clientId,
        grantTypes: [GrantType.JwtBearer],
      })),
    ],
    edges: [
      ...homeFile.edges,
      ...['app', 'gateway'].map((client) => ({
        ...{ client, subjectAudience: client, subjectIssuers: [PARTNER], target: 'api', mode: 'delegation' },
        subjectTypes: [client === 'app' ? TokenType.IdJag : TokenType.Jwt],
        scopes: { 'api.read': {} },
      })),
      {
        ...{ client: 'api', subjectAudience: 'api', target: 'legacy-api', mode: 'delegation' },
        scopes: { 'legacy.read': { requires: ['api.read'] } },
      },
      {
        ...{ client: 'legacy', subjectAudience: 'legacy', target: 'legacy-api', mode: 'delegation' },
        ...{ subjectTypes: [TokenType.Saml2], subjectIssuers: ['urn:example:legacy-idp'] },
        scopes: { 'legacy.read': {} },
      },
      {
        ...{ client: 'web', subjectAudience: 'web', target: 'legacy-api', mode: 'delegation' },
        subjectTypes: [TokenType.IdToken],
        scopes: { 'legacy.read': {} },
      },
    ],
    resources: [...homeFile.resources, { audience: 'legacy-api', scopes: ['legacy.read'] }],
  });
  await partner.close();
  partner = await Domain.open(PARTNER, partnerFileFor(home.domain.trusted, issuers), { keys: partner.keys });
}, 120_000);
afterAll(async () => {
  await home?.domain.close();
  await partner?.close();
});

const issuedBy = async (asked: Promise<{ body: Record<string, unknown> }>): Promise<string> =>
  String((await asked).body['access_token']);

const MAKE: Readonly<Record<Kind, () => Promise<string> | string>> = {
  'access token of home': () => home.domain.accessToken(),
  'ID token of home': () => home.idToken(),
  'SAML assertion for home': () => samlAssertion(),
  'ID-JAG of home': () => issuedBy(home.idJag(inHome.id, { scope: 'order.read' })),
  'chaining grant of home': () => issuedBy(home.chain(inHome.access)),
  'access token of partner': async () =>
    partner
      .redeem('app', await issuedBy(home.idJag(inHome.id, { scope: 'order.read' })))
      .then(({ body }) => String(body['access_token'])),
  'ID token of partner': () => partner.sign({ sub: 'b.alice', aud: 'app', nonce: 'n', auth_time: now() }, 'JWT'),
  'ID-JAG of partner': () =>
    partner.sign({ sub: 'b.alice', aud: PARTNER, client_id: 'app', resource: ORDERS }, 'oauth-id-jag+jwt'),
  'client assertion for home': () => home.domain.sign({ iss: 'web', sub: 'web', aud: HOME }, 'JWT'),
};
const inHome = { id: '', access: '' };

describe('a token is of use where it was issued for, and nowhere else', () => {
  beforeAll(async () => {
    inHome.id = await home.idToken();
    inHome.access = await home.domain.accessToken();
  });

  it.each(Object.keys(KINDS) as Kind[])(
    '%s',
    async (kind) => {
      const useful: string[] = [];
      const note = (where: string, isUseful: boolean): void => void (isUseful && useful.push(where));
      for (const [name, domain] of [
        ['home', home.domain],
        ['partner', partner],
      ] as const) {
        const [clients, services, targets] =
          name === 'home'
            ? [
                ['app', 'gateway'],
                ['api', 'web', 'legacy'],
                ['legacy-api', PARTNER],
              ]
            : [['app', 'gateway'], ['orders-service'], ['billing', 'https://third.example']];
        // each time a fresh one, so that none fails for having been used
        for (const type of SUBJECT_TYPES) {
          const answers = [];
          for (const client of services) {
            const form = { grant_type: GrantType.TokenExchange, subject_token: await MAKE[kind]() };
            const subject = { ...form, subject_token_type: `urn:ietf:params:oauth:token-type:${type}` };
            answers.push(await domain.token(client, { ...subject, audience: targets[0] }));
            const actor = { actor_token: await MAKE[kind](), actor_token_type: subject.subject_token_type };
            const own = name === 'home' ? await home.domain.accessToken() : 'x.y.z';
            const acted = { ...form, subject_token: own, subject_token_type: TokenType.AccessToken, ...actor };
            note(
              `${name}: actor as ${type}`,
              (await domain.token(client, { ...acted, audience: targets[0] })).status === 200,
            );
          }
          note(
            `${name}: subject as ${type}`,
            answers.some(({ status }) => status === 200),
          );
        }
        const redeemed = [];
        for (const client of clients) redeemed.push((await domain.redeem(client, await MAKE[kind]())).status);
        note(`${name}: assertion`, redeemed.includes(200));
        const token = await MAKE[kind]();
        const [client] = services as [string];
        for (const form of [
          { grant_type: 'refresh_token', refresh_token: token },
          { grant_type: 'authorization_code', code: token, redirect_uri: 'http://localhost:1/callback' },
          { grant_type: GrantType.ClientCredentials, client_assertion: token, client_assertion_type: ASSERTION },
        ]) {
          note(
            `${name}: ${form.grant_type}`,
            (await domain.token(client, form, { headers: { authorization: '' } })).status === 200,
          );
          note(`${name}: ${form.grant_type} of a client`, (await domain.token(client, form)).status === 200);
        }
        const body = new URLSearchParams({ token });
        const headers = { authorization: domain.basic(name === 'home' ? 'api' : 'orders-service') };
        const introspected = await fetch(`${domain.urls[0]!}/oauth2/introspect`, { method: 'POST', headers, body });
        note(`${name}: introspected`, ((await introspected.json()) as { active: boolean }).active);
        for (const path of ['/userinfo', '/admin/audit', '/admin/edges', '/me/activity']) {
          for (const scheme of ['Bearer', 'DPoP']) {
            const { status } = await fetch(domain.urls[0]! + path, {
              headers: { authorization: `${scheme} ${token}` },
            });
            note(`${name}: ${scheme} ${path}`, status < 400);
          }
        }
      }
      expect(useful.toSorted()).toEqual(KINDS[kind].toSorted());
    },
    60_000,
  );
});
