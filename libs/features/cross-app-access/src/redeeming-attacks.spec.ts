import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { IMPERSONATION_CLAIM } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TokenOverrides } from '@onbehalf/testing';
import { CompactEncrypt, decodeJwt, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose';
import { now, type Domain } from './domain.fixture.js';
import { BILLING, grant, idJag, openPartner, ORDERS, PARTNER, testIssuers, type Issuers } from './partner.fixture.js';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

let issuers: Issuers;
let partner: Domain;
beforeAll(async () => {
  issuers = await testIssuers();
  partner = await openPartner(issuers);
}, 60_000);
afterAll(() => partner.close());

/** What is presented, who presents it, and with which further parameters. */
type Attack = [string, () => Promise<string> | string, string?, object?, string?];

const parts = async (claims: TokenOverrides = {}): Promise<[string, string, string]> =>
  (await idJag(issuers.home, claims)).split('.') as [string, string, string];
const withHeader = async (header: object): Promise<string> => {
  const [, payload, signature] = await parts();
  return `${encode(header)}.${payload}.${signature}`;
};
const homeKid = (): string => issuers.home.jwks.keys[0]!.kid!;
const home = (claims: TokenOverrides) => () => idJag(issuers.home, claims);
const nested = (depth: number): object => (depth === 0 ? { sub: 'x' } : { sub: 'x', act: nested(depth - 1) });

const attacks: Attack[] = [
  ['62: an access token of the same issuer', home({ header: { typ: 'at+jwt' } })],
  ['62: typ that is JWT', home({ header: { typ: 'JWT' } })],
  ['62: no typ', home({ header: { typ: undefined } })],
  ['62: typ in half', home({ header: { typ: 'oauth-id-jag' } })],
  ['62: typ with a parameter', home({ header: { typ: 'oauth-id-jag+jwt;v=1' } })],
  ['62: typ of another tree', home({ header: { typ: 'example/oauth-id-jag+jwt' } })],
  ['62: typ that is a list', home({ header: { typ: ['oauth-id-jag+jwt'] } })],
  ['63: two audiences', home({ aud: [PARTNER, 'https://third.example'] })],
  ['63: the audience twice', home({ aud: [PARTNER, PARTNER] })],
  ['an audience of another partner', home({ aud: 'https://third.example' })],
  ['an audience with a slash too many', home({ aud: `${PARTNER}/` })],
  ['an audience in other letters', home({ aud: PARTNER.toUpperCase() })],
  ['the token endpoint as audience', home({ aud: `${PARTNER}/oauth2/token` })],
  ['a list in a list of audiences', home({ aud: [[PARTNER]] })],
  ['nothing beside the audience', home({ aud: [PARTNER, null] })],
  ['another issuer on the host of the partner', home({ aud: `${PARTNER}/realms/other` })],
  ['no audience', home({ aud: undefined })],
  ['an empty list of audiences', home({ aud: [] })],
  ['64: the ID-JAG of another client', home({}), 'guest'],
  ['64: the name of the client at home', home({ client_id: 'app-there' })],
  ['64: no client', home({ client_id: undefined })],
  ['64: a list of clients', home({ client_id: ['app'] })],
  ['64: azp in place of client_id', home({ client_id: undefined, azp: 'app' })],
  [
    '65: one of the partner itself',
    () => partner.sign({ aud: PARTNER, client_id: 'app', sub: 'b.alice' }, 'oauth-id-jag+jwt'),
  ],
  ['66: one that has expired', home({ exp: now() - 31 })],
  ['66: one in its last second', home({ exp: now() - 1 })],
  ['one without end', home({ exp: undefined })],
  ['one that ends in a year', home({ exp: now() + 31_536_000 })],
  ['one that ends as a text', home({ exp: String(now() + 60) })],
  ['one of the future', home({ iat: now() + 3_600, exp: now() + 3_900 })],
  ['one of a clock that is too far ahead', home({ iat: now() + 60, exp: now() + 300 })],
  ['one that is not valid yet', home({ nbf: now() + 120 })],
  ['one without iat', home({ iat: undefined })],
  ['one without jti', home({ jti: undefined })],
  ['one with an empty jti', home({ jti: '' })],
  ['one whose jti is a number', home({ jti: 7 })],
  ['an issuer with a slash too many', home({ iss: 'https://home.example/' })],
  ['an issuer in other letters', home({ iss: 'https://HOME.example' })],
  ['an issuer that nobody trusts', () => idJag(issuers.stranger)],
  ['no issuer', home({ iss: undefined })],
  ['a stranger who calls himself home', () => idJag(issuers.stranger, { iss: issuers.home.issuer })],
  [
    'a stranger with the key id of home',
    () => idJag(issuers.stranger, { iss: issuers.home.issuer, header: { kid: homeKid() } }),
  ],
  ['another partner who calls himself home', () => idJag(issuers.other, { iss: issuers.home.issuer })],
  ['a key id that is a path', home({ header: { kid: '../../../../dev/null' } })],
  ['a key id that is a query', home({ header: { kid: "' OR '1'='1" } })],
  ['a key id that is no text', home({ header: { kid: { $ne: null } } })],
  [
    'a key in the header',
    async () => {
      const jwk = await exportJWK(await importJWK(issuers.stranger.jwks.keys[0]!));
      return idJag(issuers.stranger, { iss: issuers.home.issuer, header: { kid: undefined, jwk } });
    },
  ],
  [
    'a key set in the header',
    () => idJag(issuers.stranger, { iss: issuers.home.issuer, header: { jku: 'http://localhost:9/jwks' } }),
  ],
  [
    'no signature by alg none',
    async () => `${encode({ alg: 'none', typ: 'oauth-id-jag+jwt' })}.${(await parts())[1]}.`,
  ],
  ['alg None in other letters', async () => withHeader({ alg: 'nOnE', typ: 'oauth-id-jag+jwt', kid: homeKid() })],
  [
    'HS256 with the public key as its secret',
    async () => {
      const key = (await importJWK(issuers.home.jwks.keys[0]!, 'ES256', { extractable: true })) as CryptoKey;
      return new SignJWT(decodeJwt(await idJag(issuers.home)))
        .setProtectedHeader({ alg: 'HS256', typ: 'oauth-id-jag+jwt', kid: homeKid() })
        .sign(Buffer.from(await exportSPKI(key)));
    },
  ],
  [
    'an algorithm that home is not pinned to',
    async () => idJag(await createTestIssuer({ issuer: issuers.home.issuer, algorithm: 'RS256' })),
  ],
  [
    'an extension that must be understood',
    () => withHeader({ alg: 'ES256', typ: 'oauth-id-jag+jwt', kid: homeKid(), crit: ['x'], x: 1 }),
  ],
  [
    'an unencoded payload',
    async () => withHeader({ alg: 'ES256', typ: 'oauth-id-jag+jwt', kid: homeKid(), b64: false, crit: ['b64'] }),
  ],
  [
    'an encrypted one',
    async () => {
      const { publicKey } = await generateKeyPair('ECDH-ES');
      return new CompactEncrypt(Buffer.from(await idJag(issuers.home)))
        .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', typ: 'oauth-id-jag+jwt', cty: 'JWT' })
        .encrypt(publicKey);
    },
  ],
  ['another signature', async () => `${(await idJag(issuers.home)).slice(0, -8)}AAAAAAAA`],
  [
    'another payload',
    async () => {
      const [header, payload, signature] = await parts();
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      return `${header}.${encode({ ...claims, scope: 'order.read order.write' })}.${signature}`;
    },
  ],
  ['56 KB', () => `a.${'a'.repeat(56_000)}.a`],
  ['a signed one of 9 KB', home({ filler: 'a'.repeat(9_000) })],
  ['act nested a hundredfold', home({ act: nested(100) })],
  ['act that is no object', home({ act: ['app'] })],
  ['act without sub', home({ act: { iss: 'https://home.example' } })],
  [
    'no JSON',
    () => `${encode({ alg: 'ES256', typ: 'oauth-id-jag+jwt' })}.${Buffer.from('{').toString('base64url')}.AAAA`,
  ],
  ['a list for claims', () => `${encode({ alg: 'ES256', typ: 'oauth-id-jag+jwt' })}.${encode([PARTNER])}.AAAA`],
  ['line breaks in it', async () => (await idJag(issuers.home)).replaceAll('.', '.\n')],
  ['an ID token of home for this server', () => grant(issuers.home, { nonce: 'n', at_hash: 'h' }), 'gateway'],
  ['an ID token of a Keycloak for this server', () => grant(issuers.home, { typ: 'ID', azp: PARTNER }), 'gateway'],
  ['an ID token for a client that is called as this server', () => grant(issuers.home, { azp: PARTNER }), 'gateway'],
  ['a refresh token of a Keycloak', () => grant(issuers.home, { typ: 'Refresh' }), 'gateway'],
  ['a logout token', () => grant(issuers.home, { events: {} }), 'gateway'],
  ['an access token as a grant', () => grant(issuers.home, { header: { typ: 'at+jwt' } }), 'gateway'],
  ['a grant in place of an ID-JAG', () => grant(issuers.home, { client_id: 'app' })],
  ['an ID-JAG in place of a grant', home({ client_id: 'gateway' }), 'gateway'],
  ['a chain that came from here', home({ act: { sub: 'a', act: { sub: 'orders-service', iss: PARTNER } } })],
  ['a subject that came from here', home({ sub: `${PARTNER}#admin` })],
  ['a subject that came from here over another', home({ sub: `https://third.example#${PARTNER}#admin` })],
  ['the mark of an impersonation at home', home({ act: { sub: 's' }, [IMPERSONATION_CLAIM]: { id: 'i', sub: 's' } })],
  [
    'the mark of an impersonation here',
    home({ act: { sub: 's' }, [IMPERSONATION_CLAIM]: { id: 'i', sub: 's', iss: PARTNER } }),
  ],
  ['an actor that came from here', home({ act: { sub: 'a', act: { sub: `${PARTNER}#b.alice` } } })],
  ['a login of the future', home({ auth_time: now() + 600 })],
  ['a login in milliseconds', home({ auth_time: Date.now() })],
  ['no subject', home({ sub: undefined })],
  ['an empty subject', home({ sub: '' })],
  ['an e-mail that is not verified', home({ email_verified: false })],
  ['an e-mail of which nobody says whether', home({ email_verified: undefined })],
  ['an e-mail that is verified as a text', home({ email_verified: 'true' })],
  ['no e-mail', home({ email: undefined })],
  ['an e-mail of a domain that home does not own', home({ email: 'admin@partner.example' })],
  ['an e-mail of a domain that ends alike', home({ email: 'alice@evil-home.example' })],
  ['an e-mail with two domains', home({ email: 'admin@partner.example@home.example' })],
  ['an e-mail in letters that only look alike', home({ email: 'alic\u0435@home.example' })],
  ['an e-mail with the sign of Kelvin, of which lower case makes a k', home({ email: '\u212Aate@home.example' })],
  ['an e-mail with the sign of Kelvin in its domain', () => idJag(issuers.bank, { email: 'kate@ban\u212A.example' })],
  ['a list of e-mails', home({ email: ['alice@home.example'] })],
  ['an e-mail of nobody', home({ email: 'nobody@home.example' })],
  ['an e-mail of two', home({ email: 'twins@home.example' })],
  ['a disabled account', home({ email: 'gone@home.example' })],
  ['a partner who speaks for people of another', () => idJag(issuers.other, { client_id: 'other-app' }), 'other-app'],
  ['a partner whose ID-JAGs the edge does not take', () => idJag(issuers.other, { email: 'o@other.example' })],
  ['an issuer that is trusted for exchanges only', () => idJag(issuers.workloads)],
  ['an issuer that is trusted for grants only', () => idJag(issuers.chainer)],
  ['a grant of an issuer that is trusted for ID-JAGs only', () => grant(issuers.other), 'gateway'],
  ['scopes as a list', home({ scope: ['order.read'] })],
  ['scopes in Okta’s claim', home({ scope: undefined, scp: ['order.read'] })],
  ['authorization_details', home({ authorization_details: [{ type: 'order' }] })],
  ['authorization_details in a grant', () => grant(issuers.home, { authorization_details: [] }), 'gateway'],
  ['a resource that is no URI', home({ resource: 'orders' })],
  ['two hundred resources', home({ resource: Array.from({ length: 200 }, (_, n) => `https://${n}.example`) })],
  ['a resource with a fragment', home({ resource: `${ORDERS}#a` })],
  ['no resource in a list', home({ resource: [] })],
  ['a key that is not proven', home({ cnf: { jkt: 'k' } })],
  ['a key of an unknown kind', home({ cnf: { jwe: 'k' } })],
  ['a tenant that nobody has spoken of', home({ tenant: 't1' })],
  ['scopes that nobody knows', home({ scope: 'chat.read' }), 'app', {}, 'invalid_scope'],
  ['an empty scope', home({ scope: '' }), 'app', {}, 'invalid_scope'],
  ['a wider scope in the request', home({}), 'app', { scope: 'order.write' }, 'invalid_scope'],
  ['a resource of another partner', home({ resource: 'https://third.example/api' }), 'app', {}, 'invalid_target'],
  ['another resource in the request', home({}), 'app', { resource: BILLING }, 'invalid_target'],
  ['another audience in the request', home({}), 'app', { audience: 'billing' }, 'invalid_target'],
  [
    'the server of a third domain',
    home({ resource: undefined }),
    'app',
    { audience: 'https://third.example' },
    'invalid_target',
  ],
  [
    'a grant for a third domain',
    home({ resource: undefined }),
    'app',
    { audience: 'https://third.example', requested_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
    'invalid_target',
  ],
  [
    'authorization_details in the request',
    home({}),
    'app',
    { authorization_details: '[]' },
    'invalid_authorization_details',
  ],
  ['no proof of a client that must prove its key', home({ client_id: 'bound' }), 'bound', {}, 'invalid_dpop_proof'],
];

describe('an assertion that is refused', () => {
  it.each(attacks)('%s', async (_name, assertion, client = 'app', form = {}, error = 'invalid_grant') => {
    const answer = await partner.redeem(client, await assertion(), form);
    expect([answer.status, answer.body['error']]).toEqual([400, error]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    // one record, of this refusal and without the token
    const record = await partner.lastRecord();
    expect(record).toMatchObject({ type: 'token_exchange', outcome: 'rejected', clientId: client });
    expect(JSON.stringify(record)).not.toMatch(/eyJ[\w-]+\.[\w-]+\.[\w-]{20}/);
  });
});
