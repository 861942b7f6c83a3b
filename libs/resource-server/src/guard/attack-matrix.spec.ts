import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import { createHmac, createPublicKey, webcrypto } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { ResourceServerModule, Scopes } from '../index.js';

const NOW = 1_800_000_000;
const ISSUER = 'https://issuer.test';
const AUDIENCE = 'message-service';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return { message: 'hello' };
  }

  @Post('message')
  write() {
    return { message: 'hello' };
  }

  @Get('scoped')
  @Scopes('message.read')
  scoped() {
    return { message: 'hello' };
  }
}

/** Keys and issuers that rows take their tokens from. */
interface Cast {
  readonly issuer: TestIssuer;
  /** Trusted too, under another name. */
  readonly other: TestIssuer;
  /** Trusted, and pinned to RS256. */
  readonly rsa: TestIssuer;
  /** Has keys of its own and calls itself what the trusted issuer is called. */
  readonly impostor: TestIssuer;
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  readonly body?: string;
}

interface Expected {
  readonly status: number;
  readonly error?: string;
  readonly challenge?: string;
}

type Row = readonly [name: string, send: (cast: Cast) => Sent | Promise<Sent>, expected: Expected];
type TokenRow = readonly [name: string, token: (cast: Cast) => string | Promise<string>, expected: Expected];

const accepted: Expected = { status: 200 };
const bare: Expected = { status: 401, challenge: 'Bearer' };
const refused = (status: number, error: string, description: string, more = ''): Expected => ({
  status,
  error,
  challenge: `Bearer error="${error}", error_description="${description}"${more}`,
});
const badRequest = (description: string) => refused(400, 'invalid_request', description);
const badToken = (description: string) => refused(401, 'invalid_token', description);
const badClaim = (claim: string) => badToken(`The token's claim '${claim}' is missing or invalid`);
const badAudience = (given: string) => badToken(`Invalid audience claim. Expected 'message-service', got ${given}`);
const needsScope = refused(403, 'insufficient_scope', "The scope 'message.read' is required", ', scope="message.read"');

const NOT_ONE_TOKEN = badRequest('The Authorization header must hold exactly one access token');
const REPEATED = badRequest('The Authorization header must not be repeated');
const TWO_METHODS = badRequest('The access token must be sent by one method only');
const NOT_A_JWT = badToken('The token is not a JWT');
const NOT_VALID = badToken('The token is not a valid JWT');
const TOO_LARGE = badToken('The token is too large');
const ALGORITHM = badToken('The signature algorithm of the token is not accepted');
const SIGNATURE = badToken('The signature of the token is invalid');
const UNKNOWN_KEY = badToken('The token is signed with a key that its issuer does not publish');
const TYPE = badToken("Invalid token type. Expected 'at+jwt'");
const UNTRUSTED = badToken('The issuer of the token is not trusted');
const EXPIRED = badToken('The token has expired');
const TOO_EARLY = badToken('The token is not valid yet');
const CRITICAL = badToken('The token has a header that is not supported');
const BINDING = badToken('The token is bound in a way that is not supported');

const bearer = (token: string): Sent => ({ headers: ['Authorization', `Bearer ${token}`] });
const base64url = (value: string | Buffer) => Buffer.from(value).toString('base64url');
const flipped = (character: string) => (character === 'A' ? 'B' : 'A');

/** A JWT of exactly this header and payload text, with a right ES256 signature. */
async function signed({ issuer }: Cast, header: string, payload: string | Buffer): Promise<string> {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const signature = await webcrypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    issuer.privateKey,
    Buffer.from(input),
  );
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

const headerOf = ({ issuer }: Cast, more: Record<string, unknown> = {}) => ({
  alg: 'ES256',
  kid: issuer.jwks.keys[0]!.kid,
  typ: 'at+jwt',
  ...more,
});
const claims = (more: Record<string, unknown> = {}) => ({
  iss: ISSUER,
  sub: 'user',
  aud: AUDIENCE,
  client_id: 'client',
  iat: NOW,
  exp: NOW + 300,
  jti: 'id',
  ...more,
});
const withHeader = (cast: Cast, header: Record<string, unknown>) =>
  signed(cast, JSON.stringify(headerOf(cast, header)), JSON.stringify(claims()));
const withPayload = (cast: Cast, payload: string | Buffer) => signed(cast, JSON.stringify(headerOf(cast)), payload);
const withClaims =
  (more: Record<string, unknown>) =>
  ({ issuer }: Cast) =>
    issuer.token(more);
const changed = async (cast: Cast, change: (parts: [string, string, string]) => string[]) =>
  change((await cast.issuer.token()).split('.') as [string, string, string]).join('.');

/** HS256 with some form of the issuer's public key as the secret. RFC 8725 §2.1. */
const hmac =
  (secret: (cast: Cast) => string | Buffer, alg = 'HS256') =>
  (cast: Cast) => {
    const input = `${base64url(JSON.stringify(headerOf(cast, { alg })))}.${base64url(JSON.stringify(claims()))}`;
    const hash = alg.replace('HS', 'sha');
    return `${input}.${createHmac(hash, secret(cast)).update(input).digest('base64url')}`;
  };
const publicKey = ({ issuer }: Cast) => createPublicKey({ key: { ...issuer.jwks.keys[0] }, format: 'jwk' });
const asPem = (cast: Cast) => publicKey(cast).export({ type: 'spki', format: 'pem' });
const asDer = (cast: Cast) => publicKey(cast).export({ type: 'spki', format: 'der' });
const asJwk = ({ issuer }: Cast) => JSON.stringify(issuer.jwks.keys[0]);

/** A token that is signed by another key, with a header that offers that key. */
const offering = (header: (cast: Cast) => Record<string, unknown>) => (cast: Cast) =>
  cast.impostor.token({ header: header(cast) });

const actors = (depth: number) => {
  let act: Record<string, unknown> | undefined;
  for (let i = 0; i < depth; i++) act = { sub: `service-${i}`, ...(act && { act }) };
  return act;
};

/** A token of exactly this many bytes. */
const sized = (bytes: number) => async (cast: Cast) => {
  for (let padding = Math.floor((bytes - 600) * 0.75); ; padding++) {
    const token = await cast.issuer.token({ jti: 'id', padding: 'x'.repeat(padding) });
    if (token.length >= bytes) return token;
  }
};

const CREDENTIALS: Row[] = [
  ['no Authorization header', () => ({}), bare],
  ['an empty Authorization header', () => ({ headers: ['Authorization', ''] }), bare],
  ['Basic credentials', () => ({ headers: ['Authorization', 'Basic dXNlcjpwYXNzd29yZA=='] }), bare],
  ['Digest credentials', () => ({ headers: ['Authorization', 'Digest username="user"'] }), bare],
  [
    'the DPoP scheme where it is not accepted',
    async ({ issuer }) => ({ headers: ['Authorization', `DPoP ${await issuer.token()}`] }),
    bare,
  ],
  ['an unknown scheme', async ({ issuer }) => ({ headers: ['Authorization', `JWT ${await issuer.token()}`] }), bare],
  ['a token without a scheme', async ({ issuer }) => ({ headers: ['Authorization', await issuer.token()] }), bare],
  [
    'a scheme that begins with Bearer',
    async ({ issuer }) => ({ headers: ['Authorization', `Bearers ${await issuer.token()}`] }),
    bare,
  ],
  [
    'Bearer behind another word',
    async ({ issuer }) => ({ headers: ['Authorization', `x Bearer ${await issuer.token()}`] }),
    bare,
  ],
  ['Bearer without a token', () => ({ headers: ['Authorization', 'Bearer'] }), NOT_ONE_TOKEN],
  ['Bearer and a blank', () => ({ headers: ['Authorization', 'Bearer '] }), NOT_ONE_TOKEN],
  ['two tokens in one header', async ({ issuer }) => bearer(`${await issuer.token()} x`), NOT_ONE_TOKEN],
  ['two tokens with a comma', async ({ issuer }) => bearer(`${await issuer.token()},x`), NOT_ONE_TOKEN],
  ['a quoted token', async ({ issuer }) => bearer(`"${await issuer.token()}"`), NOT_ONE_TOKEN],
  [
    'a percent-encoded token',
    async ({ issuer }) => bearer((await issuer.token()).replace(/\./g, '%2E')),
    NOT_ONE_TOKEN,
  ],
  [
    'a token with characters beyond ASCII',
    async ({ issuer }) => bearer(`${await issuer.token()}\u00e9`),
    NOT_ONE_TOKEN,
  ],
  [
    'a tab after the scheme',
    async ({ issuer }) => ({ headers: ['Authorization', `Bearer\t${await issuer.token()}`] }),
    NOT_ONE_TOKEN,
  ],
  [
    'padding before the end of the token',
    async ({ issuer }) => bearer((await issuer.token()).replace('.', '=.')),
    NOT_ONE_TOKEN,
  ],
  [
    'the scheme in lower case',
    async ({ issuer }) => ({ headers: ['authorization', `bearer ${await issuer.token()}`] }),
    accepted,
  ],
  [
    'the scheme in upper case',
    async ({ issuer }) => ({ headers: ['AUTHORIZATION', `BEARER ${await issuer.token()}`] }),
    accepted,
  ],
  [
    'several blanks after the scheme',
    async ({ issuer }) => ({ headers: ['Authorization', `Bearer   ${await issuer.token()}`] }),
    accepted,
  ],
  [
    'two Authorization headers with the same token',
    async ({ issuer }) => {
      const value = `Bearer ${await issuer.token()}`;
      return { headers: ['Authorization', value, 'Authorization', value] };
    },
    REPEATED,
  ],
  [
    'two Authorization headers, the right one first',
    async ({ issuer }) => ({
      headers: ['Authorization', `Bearer ${await issuer.token()}`, 'authorization', 'Bearer x'],
    }),
    REPEATED,
  ],
  [
    'two Authorization headers of two schemes',
    async ({ issuer }) => ({
      headers: ['Authorization', 'Basic eA==', 'Authorization', `Bearer ${await issuer.token()}`],
    }),
    REPEATED,
  ],
  ['the token in the query', async ({ issuer }) => ({ path: `/message?access_token=${await issuer.token()}` }), bare],
  [
    `${requirement('RFC6750-2-one-method', 'no more than one method to transmit the token MUST be used in a request')}: query and header`,
    async ({ issuer }) => ({ path: '/message?access_token=x', ...bearer(await issuer.token()) }),
    TWO_METHODS,
  ],
  [
    'the token in a form',
    async ({ issuer }) => ({
      method: 'POST',
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: `access_token=${await issuer.token()}`,
    }),
    bare,
  ],
  [
    `${requirement('RFC6750-2-one-method', 'no more than one method to transmit the token MUST be used in a request')}: form and header`,
    async ({ issuer }) => ({
      method: 'POST',
      headers: [
        ...['Authorization', `Bearer ${await issuer.token()}`],
        ...['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
      ],
      body: 'access_token=x',
    }),
    TWO_METHODS,
  ],
  [
    'the token in a JSON body',
    async ({ issuer }) => ({
      method: 'POST',
      headers: ['Content-Type', 'application/json'],
      body: JSON.stringify({ access_token: await issuer.token() }),
    }),
    bare,
  ],
  [
    "a member access_token in a JSON body, which is the application's own",
    async ({ issuer }) => ({
      method: 'POST',
      headers: ['Authorization', `Bearer ${await issuer.token()}`, 'Content-Type', 'application/json'],
      body: '{"access_token":"x"}',
    }),
    { status: 201 },
  ],
  [
    'the token in a cookie',
    async ({ issuer }) => ({ headers: ['Cookie', `access_token=${await issuer.token()}`] }),
    bare,
  ],
  [
    'the token in Proxy-Authorization',
    async ({ issuer }) => ({ headers: ['Proxy-Authorization', `Bearer ${await issuer.token()}`] }),
    bare,
  ],
  ['the user in a header', () => ({ headers: ['X-User-ID', 'admin', 'X-Forwarded-User', 'admin'] }), bare],
];

const FORM: TokenRow[] = [
  ['the word null', () => 'null', NOT_A_JWT],
  ['the word undefined', () => 'undefined', NOT_A_JWT],
  ['an opaque token', () => 'mF_9.B5f-4.1JqM', NOT_A_JWT],
  ['an opaque token of one part', () => '2YotnFZFEjr1zCsicMWpAA', NOT_A_JWT],
  ['a base64url SAML assertion', () => base64url('<saml:Assertion/>'), NOT_A_JWT],
  ['two parts', (cast) => changed(cast, ([header, payload]) => [header, payload]), NOT_A_JWT],
  ['four parts', (cast) => changed(cast, (parts) => [...parts, parts[2]]), NOT_A_JWT],
  ['five parts, as an encrypted JWT has', (cast) => changed(cast, (parts) => [...parts, 'e30', 'e30']), NOT_A_JWT],
  ['two dots and nothing else', () => '..', NOT_A_JWT],
  ['no header', (cast) => changed(cast, ([, payload, signature]) => ['', payload, signature]), NOT_A_JWT],
  ['no payload', (cast) => changed(cast, ([header, , signature]) => [header, '', signature]), NOT_A_JWT],
  ['no signature', (cast) => changed(cast, ([header, payload]) => [header, payload, '']), NOT_A_JWT],
  ['padding at the end', async ({ issuer }) => `${await issuer.token()}==`, NOT_A_JWT],
  ['base64 instead of base64url', (cast) => changed(cast, ([h, p, s]) => [h, p, `+/${s.slice(2)}`]), NOT_A_JWT],
  ['a part of impossible length', (cast) => changed(cast, ([h, p, s]) => [h, p, s.slice(0, 85)]), NOT_A_JWT],
  [
    'the signature written with other spare bits',
    (cast) =>
      changed(cast, ([h, p, s]) => {
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        return [h, p, s.slice(0, -1) + alphabet[alphabet.indexOf(s.at(-1)!) + 1]];
      }),
    NOT_A_JWT,
  ],
  ['a header that is no JSON', (cast) => signed(cast, 'header', JSON.stringify(claims())), NOT_A_JWT],
  ['a header that is a list', (cast) => signed(cast, '[]', JSON.stringify(claims())), NOT_A_JWT],
  ['a header that is null', (cast) => signed(cast, 'null', JSON.stringify(claims())), NOT_A_JWT],
  ['a header that is a string', (cast) => signed(cast, '"ES256"', JSON.stringify(claims())), NOT_A_JWT],
  ['a payload that is no JSON', (cast) => withPayload(cast, 'payload'), NOT_A_JWT],
  ['a payload that is a list', (cast) => withPayload(cast, '[]'), NOT_A_JWT],
  ['a payload that is null', (cast) => withPayload(cast, 'null'), NOT_A_JWT],
  ['a payload that is a number', (cast) => withPayload(cast, '1'), NOT_A_JWT],
  ['a payload that is not UTF-8', (cast) => withPayload(cast, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), NOT_A_JWT],
  ['a nested JWT', async (cast) => withPayload(cast, await cast.issuer.token()), NOT_A_JWT],
  ['a payload nested thousands deep', (cast) => withPayload(cast, '['.repeat(4000)), NOT_A_JWT],
  ['a token of 9 KB', sized(9 * 1024), TOO_LARGE],
  ['a token of 8 KB and a byte', sized(8 * 1024 + 1), TOO_LARGE],
  ['a token of less than 8 KB', sized(8 * 1024 - 8), accepted],
  ['a header that Node does not take', () => 'x'.repeat(20_000), { status: 431 }],
];

const ALGORITHMS: TokenRow[] = [
  ['alg none without a signature', (cast) => unsigned(cast, 'none', ''), NOT_A_JWT],
  ['alg none with a signature', (cast) => unsigned(cast, 'none', 'AAAA'), ALGORITHM],
  ['alg None', (cast) => unsigned(cast, 'None', 'AAAA'), ALGORITHM],
  ['alg NONE', (cast) => unsigned(cast, 'NONE', 'AAAA'), ALGORITHM],
  ['alg nOnE', (cast) => unsigned(cast, 'nOnE', 'AAAA'), ALGORITHM],
  ['alg in lower case', (cast) => withHeader(cast, { alg: 'es256' }), ALGORITHM],
  ['no alg', (cast) => withHeader(cast, { alg: undefined }), ALGORITHM],
  ['an empty alg', (cast) => withHeader(cast, { alg: '' }), ALGORITHM],
  ['an alg that is a number', (cast) => withHeader(cast, { alg: 256 }), ALGORITHM],
  ['an alg that is a list', (cast) => withHeader(cast, { alg: ['ES256'] }), ALGORITHM],
  ['an unknown alg', (cast) => withHeader(cast, { alg: 'ES256K' }), ALGORITHM],
  ['HS256 with the public key as PEM', hmac(asPem), ALGORITHM],
  ['HS256 with the public key as DER', hmac(asDer), ALGORITHM],
  ['HS256 with the public key as JWK', hmac(asJwk), ALGORITHM],
  ['HS256 with the key id', hmac(({ issuer }) => issuer.jwks.keys[0]!.kid!), ALGORITHM],
  ['HS256 with an empty secret', hmac(() => ''), ALGORITHM],
  ['HS384 with the public key', hmac(asPem, 'HS384'), ALGORITHM],
  ['HS512 with the public key', hmac(asPem, 'HS512'), ALGORITHM],
  ['an algorithm that the issuer is not pinned to', ({ issuer }) => otherAlgorithm(issuer, 'ES384'), ALGORITHM],
  ['RS256 of a foreign key at an issuer with ES256', ({ issuer, rsa }) => rsa.token({ iss: issuer.issuer }), ALGORITHM],
  ['ES256 at an issuer that is pinned to RS256', ({ issuer, rsa }) => issuer.token({ iss: rsa.issuer }), ALGORITHM],
  ['RS256 at the issuer that uses it', ({ rsa }) => rsa.token(), accepted],
  ['a JWE algorithm', (cast) => withHeader(cast, { alg: 'dir', enc: 'A256GCM' }), ALGORITHM],
  ['a signature of zeroes', (cast) => changed(cast, ([h, p]) => [h, p, base64url(Buffer.alloc(64))]), SIGNATURE],
  [
    'a signature in DER',
    (cast) => changed(cast, ([h, p]) => [h, p, base64url(Buffer.from('3006020101020101', 'hex'))]),
    SIGNATURE,
  ],
  ['half a signature', (cast) => changed(cast, ([h, p, s]) => [h, p, s.slice(0, 44)]), SIGNATURE],
  [
    'a signature and more',
    (cast) =>
      changed(cast, ([h, p, s]) => [h, p, base64url(Buffer.concat([Buffer.from(s, 'base64url'), Buffer.alloc(3)]))]),
    SIGNATURE,
  ],
  ['a changed signature', (cast) => changed(cast, ([h, p, s]) => [h, p, flipped(s[0]!) + s.slice(1)]), SIGNATURE],
  [
    'changed claims',
    (cast) => changed(cast, ([h, , s]) => [h, base64url(JSON.stringify(claims({ sub: 'admin' }))), s]),
    SIGNATURE,
  ],
  [
    'a changed header',
    (cast) => changed(cast, ([, p, s]) => [base64url(JSON.stringify(headerOf(cast, { extra: 1 }))), p, s]),
    SIGNATURE,
  ],
  [
    'the signature of another token',
    async (cast) => {
      const [other] = [(await cast.issuer.token({ sub: 'other' })).split('.')[2]!];
      return changed(cast, ([h, p]) => [h, p, other]);
    },
    SIGNATURE,
  ],
];

function unsigned(cast: Cast, alg: string, signature: string): string {
  return `${base64url(JSON.stringify(headerOf(cast, { alg })))}.${base64url(JSON.stringify(claims()))}.${signature}`;
}

async function otherAlgorithm({ issuer }: TestIssuer, algorithm: 'ES384'): Promise<string> {
  return (await createTestIssuer({ issuer, algorithm, audience: AUDIENCE, clock: () => NOW })).token();
}

const KEYS: TokenRow[] = [
  ['the key of an impostor', ({ impostor }) => impostor.token(), UNKNOWN_KEY],
  [
    "the key of an impostor under the issuer's key id",
    offering(({ issuer }) => ({ kid: issuer.jwks.keys[0]!.kid })),
    SIGNATURE,
  ],
  ['the key of another trusted issuer', ({ issuer, other }) => other.token({ iss: issuer.issuer }), UNKNOWN_KEY],
  ["another trusted issuer's own token", ({ other }) => other.token(), accepted],
  ['an embedded jwk', offering(({ impostor }) => ({ jwk: impostor.jwks.keys[0] })), UNKNOWN_KEY],
  [
    'an embedded jwk and no kid',
    offering(({ impostor }) => ({ jwk: impostor.jwks.keys[0], kid: undefined })),
    SIGNATURE,
  ],
  ['a jku', offering(() => ({ jku: 'https://attacker.test/jwks' })), UNKNOWN_KEY],
  ["a jku under the issuer's name", offering(() => ({ jku: `${ISSUER}/jwks` })), UNKNOWN_KEY],
  ['an x5u', offering(() => ({ x5u: 'https://attacker.test/cert.pem' })), UNKNOWN_KEY],
  ['an x5c', offering(() => ({ x5c: ['MIIB'] })), UNKNOWN_KEY],
  ['a kid that is a path', offering(() => ({ kid: '../../../../dev/null' })), UNKNOWN_KEY],
  ['a kid that is SQL', offering(() => ({ kid: "' OR '1'='1" })), UNKNOWN_KEY],
  ['a kid that is a URL', offering(() => ({ kid: 'https://attacker.test/key' })), UNKNOWN_KEY],
  ['a kid that is __proto__', offering(() => ({ kid: '__proto__' })), UNKNOWN_KEY],
  ['an empty kid', offering(() => ({ kid: '' })), UNKNOWN_KEY],
  ['a kid that is a number', (cast) => withHeader(cast, { kid: 1 }), UNKNOWN_KEY],
  ['no kid where the issuer has one key', (cast) => withHeader(cast, { kid: undefined }), accepted],
];

const HEADERS: TokenRow[] = [
  ['crit with an unknown extension', (cast) => withHeader(cast, { crit: ['exp'], exp: NOW + 9 }), CRITICAL],
  ['crit with an extension that is not there', (cast) => withHeader(cast, { crit: ['http://x.test'] }), CRITICAL],
  ['an empty crit', (cast) => withHeader(cast, { crit: [] }), NOT_VALID],
  ['a crit that is no list', (cast) => withHeader(cast, { crit: 'exp' }), NOT_VALID],
  ['a crit that names alg', (cast) => withHeader(cast, { crit: ['alg'] }), CRITICAL],
  ['an unencoded payload (RFC 7797)', (cast) => withHeader(cast, { crit: ['b64'], b64: false }), NOT_VALID],
  ['crit with b64 that is true', (cast) => withHeader(cast, { crit: ['b64'], b64: true }), accepted],
  ['no typ', (cast) => withHeader(cast, { typ: undefined }), TYPE],
  ['an empty typ', (cast) => withHeader(cast, { typ: '' }), TYPE],
  ['typ JWT', (cast) => withHeader(cast, { typ: 'JWT' }), TYPE],
  ['a logout token', (cast) => withHeader(cast, { typ: 'logout+jwt' }), TYPE],
  ['an ID-JAG', (cast) => withHeader(cast, { typ: 'oauth-id-jag+jwt' }), TYPE],
  ['a transaction token', (cast) => withHeader(cast, { typ: 'txntoken+jwt' }), TYPE],
  ['a DPoP proof', (cast) => withHeader(cast, { typ: 'dpop+jwt' }), TYPE],
  ['a security event', (cast) => withHeader(cast, { typ: 'secevent+jwt' }), TYPE],
  ['an introspection response', (cast) => withHeader(cast, { typ: 'token-introspection+jwt' }), TYPE],
  ['a client assertion', (cast) => withHeader(cast, { typ: 'client-authentication+jwt' }), TYPE],
  ['typ with a blank', (cast) => withHeader(cast, { typ: 'at+jwt ' }), TYPE],
  ['typ with a parameter', (cast) => withHeader(cast, { typ: 'at+jwt;v=1' }), TYPE],
  ['typ of another tree', (cast) => withHeader(cast, { typ: 'text/at+jwt' }), TYPE],
  ['typ with application twice', (cast) => withHeader(cast, { typ: 'application/application/at+jwt' }), TYPE],
  ['typ that is a list', (cast) => withHeader(cast, { typ: ['at+jwt'] }), TYPE],
  ['typ that is null', (cast) => withHeader(cast, { typ: null }), TYPE],
  ['typ in upper case', (cast) => withHeader(cast, { typ: 'AT+JWT' }), accepted],
  ['typ with application/', (cast) => withHeader(cast, { typ: 'application/at+jwt' }), accepted],
  [
    'an ID token',
    ({ issuer }) => issuer.token({ header: { typ: 'JWT' }, aud: 'client', nonce: 'n', at_hash: 'h' }),
    TYPE,
  ],
  [
    'two alg members of which the last is none',
    (cast) => signed(cast, `{"typ":"at+jwt","alg":"ES256","alg":"none"}`, JSON.stringify(claims())),
    ALGORITHM,
  ],
  [
    'two typ members of which the last is JWT',
    (cast) => signed(cast, `{"alg":"ES256","typ":"at+jwt","typ":"JWT"}`, JSON.stringify(claims())),
    TYPE,
  ],
];

const ISSUER_AND_AUDIENCE: TokenRow[] = [
  ['no iss', withClaims({ iss: undefined }), UNTRUSTED],
  ['another iss', withClaims({ iss: 'https://attacker.test' }), UNTRUSTED],
  ['iss with a slash more', withClaims({ iss: `${ISSUER}/` }), UNTRUSTED],
  ['iss with the default port', withClaims({ iss: `${ISSUER}:443` }), UNTRUSTED],
  ['iss in upper case', withClaims({ iss: ISSUER.toUpperCase() }), UNTRUSTED],
  ['iss over http', withClaims({ iss: ISSUER.replace('https', 'http') }), UNTRUSTED],
  ['iss as a list', withClaims({ iss: [ISSUER] }), UNTRUSTED],
  ['iss with a prefix of the issuer', withClaims({ iss: `${ISSUER}.attacker.test` }), UNTRUSTED],
  ['iss with a Cyrillic letter', withClaims({ iss: 'https://issu\u0435r.test' }), UNTRUSTED],
  ['the audience of another service', withClaims({ aud: 'user-service' }), badAudience("'user-service'")],
  ['no aud', withClaims({ aud: undefined }), badClaim('aud')],
  ['an empty aud', withClaims({ aud: '' }), badAudience('none')],
  ['an empty list', withClaims({ aud: [] }), badAudience('none')],
  ['a list with other audiences', withClaims({ aud: ['a', 'b'] }), badAudience("'a', 'b'")],
  ['a list with this audience', withClaims({ aud: ['user-service', AUDIENCE] }), accepted],
  ['a prefix of the audience', withClaims({ aud: 'message' }), badAudience("'message'")],
  ['the audience and more', withClaims({ aud: 'message-service-2' }), badAudience("'message-service-2'")],
  ['the audience in another case', withClaims({ aud: 'Message-Service' }), badAudience("'Message-Service'")],
  ['the audience with a slash', withClaims({ aud: 'message-service/' }), badAudience("'message-service/'")],
  ['the audience with a blank', withClaims({ aud: 'message-service ' }), badAudience("'message-service '")],
  ['the audience with a NUL', withClaims({ aud: 'message-service\0' }), badAudience("'message-service?'")],
  [
    'two audiences in one string',
    withClaims({ aud: 'user-service message-service' }),
    badAudience("'user-service message-service'"),
  ],
  [
    'the audience with a Cyrillic letter',
    withClaims({ aud: 'm\u0435ssage-service' }),
    badAudience("'m?ssage-service'"),
  ],
  ['the audience with a soft hyphen', withClaims({ aud: 'message\u00ad-service' }), badAudience("'message?-service'")],
  ['an asterisk', withClaims({ aud: '*' }), badAudience("'*'")],
  [
    'an audience that breaks out of the header',
    withClaims({ aud: 'x"\r\nSet-Cookie: a=b' }),
    badAudience("'x'??Set-Cookie: a=b'"),
  ],
  ['an aud that is an object', withClaims({ aud: { [AUDIENCE]: true } }), badClaim('aud')],
  ['an aud that is a number', withClaims({ aud: 1 }), badClaim('aud')],
  ['an aud that is true', withClaims({ aud: true }), badClaim('aud')],
  ['an aud that is null', withClaims({ aud: null }), badClaim('aud')],
  ['a list with a number', withClaims({ aud: [AUDIENCE, 1] }), badClaim('aud')],
  ['a list in a list', withClaims({ aud: [[AUDIENCE]] }), badClaim('aud')],
];

const DATES: TokenRow[] = [
  ['no exp', withClaims({ exp: undefined }), badClaim('exp')],
  ['exp as a string', withClaims({ exp: String(NOW + 300) }), badClaim('exp')],
  ['exp that is null', withClaims({ exp: null }), badClaim('exp')],
  [
    'exp that is never',
    (cast) => withPayload(cast, JSON.stringify(claims({ exp: 0 })).replace('"exp":0', '"exp":1e999')),
    badClaim('exp'),
  ],
  ['exp with a fraction', withClaims({ exp: NOW + 300.5 }), accepted],
  ['exp of zero', withClaims({ exp: 0 }), EXPIRED],
  ['a negative exp', withClaims({ exp: -1 }), EXPIRED],
  ['expired less than 30 seconds ago', withClaims({ exp: NOW - 29 }), accepted],
  ['expired 30 seconds ago', withClaims({ exp: NOW - 30 }), EXPIRED],
  ['expired 61 seconds ago', withClaims({ exp: NOW - 61 }), EXPIRED],
  ['nbf in 30 seconds', withClaims({ nbf: NOW + 30 }), accepted],
  ['nbf in 31 seconds', withClaims({ nbf: NOW + 31 }), TOO_EARLY],
  ['nbf in 61 seconds', withClaims({ nbf: NOW + 61 }), TOO_EARLY],
  ['nbf as a string', withClaims({ nbf: String(NOW) }), badClaim('nbf')],
  ['no iat', withClaims({ iat: undefined }), badClaim('iat')],
  ['iat as a string', withClaims({ iat: String(NOW) }), badClaim('iat')],
  ['iat in 30 seconds', withClaims({ iat: NOW + 30 }), accepted],
  ['iat in 31 seconds', withClaims({ iat: NOW + 31 }), TOO_EARLY],
  ['iat in 61 seconds', withClaims({ iat: NOW + 61 }), TOO_EARLY],
];

const CLAIMS: TokenRow[] = [
  ['no sub', withClaims({ sub: undefined }), badClaim('sub')],
  ['an empty sub', withClaims({ sub: '' }), badClaim('sub')],
  ['a sub that is a number', withClaims({ sub: 1 }), badClaim('sub')],
  ['a sub that is null', withClaims({ sub: null }), badClaim('sub')],
  ['no client_id', withClaims({ client_id: undefined }), badClaim('client_id')],
  ['an empty client_id', withClaims({ client_id: '' }), badClaim('client_id')],
  ['a client_id that is a list', withClaims({ client_id: ['client'] }), badClaim('client_id')],
  ['azp instead of client_id', withClaims({ client_id: undefined, azp: 'client' }), badClaim('client_id')],
  ['no jti', withClaims({ jti: undefined }), badClaim('jti')],
  ['an empty jti', withClaims({ jti: '' }), badClaim('jti')],
  ['a jti that is a number', withClaims({ jti: 1 }), badClaim('jti')],
  ['a scope that is a list', withClaims({ scope: ['message.read'] }), badClaim('scope')],
  ['a scope that is a number', withClaims({ scope: 1 }), badClaim('scope')],
  ['a scope that is null', withClaims({ scope: null }), badClaim('scope')],
  ['a scope with a quotation mark', withClaims({ scope: 'a"b' }), badClaim('scope')],
  ['a scope with a line break', withClaims({ scope: 'a\nmessage.read' }), badClaim('scope')],
  ['an act that is a string', withClaims({ act: 'service' }), badToken("The token's claim act must be a JSON object")],
  ['an act that is null', withClaims({ act: null }), badToken("The token's claim act must be a JSON object")],
  [
    'an act that is a list',
    withClaims({ act: [{ sub: 'a' }] }),
    badToken("The token's claim act must be a JSON object"),
  ],
  ['an act without sub', withClaims({ act: { client_id: 'a' } }), badToken("The token's claim act must name a 'sub'")],
  [
    'an empty act',
    withClaims({ act: {} }),
    badToken("The token's claim act must hold one of sub, iss, client_id, sub_profile"),
  ],
  [
    'an act with a sub that is a list',
    withClaims({ act: { sub: ['a'] } }),
    badToken("The token's claim act member 'sub' must be a non-empty string"),
  ],
  [
    'an act within act that is a string',
    withClaims({ act: { sub: 'a', act: 'b' } }),
    badToken("The token's claim act must be a JSON object"),
  ],
  [
    'an act that inherits its sub',
    (cast) =>
      withPayload(cast, JSON.stringify(claims({ act: 0 })).replace('"act":0', '"act":{"__proto__":{"sub":"a"}}')),
    badToken("The token's claim act must hold one of sub, iss, client_id, sub_profile"),
  ],
  ['16 actors', withClaims({ act: actors(16) }), accepted],
  ['17 actors', withClaims({ act: actors(17) }), badToken("The token's claim act nests more than 16 actors")],
  ['100 actors', withClaims({ act: actors(100) }), badToken("The token's claim act nests more than 16 actors")],
  [
    'a token that is bound to a DPoP key',
    withClaims({ cnf: { jkt: 'thumbprint' } }),
    badToken('The token is bound to a DPoP key and is not a bearer token'),
  ],
  [
    'a token that is bound to a certificate',
    withClaims({ cnf: { 'x5t#S256': 'thumbprint' } }),
    badToken('The token is bound to another client certificate'),
  ],
  ['a token that is bound to a key', withClaims({ cnf: { jwk: { kty: 'EC' } } }), BINDING],
  ['a token that is bound by an unknown method', withClaims({ cnf: { kid: 'a' } }), BINDING],
  ['a token with two unknown bindings', withClaims({ cnf: { jwk: { kty: 'EC' }, kid: 'a' } }), BINDING],
  ['a thumbprint that is no text beside an unknown member', withClaims({ cnf: { jkt: 1, kid: 'a' } }), BINDING],
  ['an empty cnf', withClaims({ cnf: {} }), BINDING],
  ['a cnf that is a string', withClaims({ cnf: 'jkt' }), BINDING],
  ['a cnf that is null', withClaims({ cnf: null }), BINDING],
  ['a cnf with an empty thumbprint', withClaims({ cnf: { jkt: '' } }), BINDING],
  [
    'a claim __proto__ with another audience',
    (cast) =>
      withPayload(cast, `{"__proto__":{"aud":"${AUDIENCE}"},${JSON.stringify(claims({ aud: undefined })).slice(1)}`),
    badClaim('aud'),
  ],
  [
    'a claim constructor',
    (cast) => withPayload(cast, `{"constructor":{"prototype":{"x":1}},${JSON.stringify(claims()).slice(1)}`),
    accepted,
  ],
  [
    'two aud claims, of which the last is another',
    (cast) => withPayload(cast, `${JSON.stringify(claims()).slice(0, -1)},"aud":"user-service"}`),
    badAudience("'user-service'"),
  ],
];

const SCOPES: TokenRow[] = [
  ['no scope', withClaims({}), needsScope],
  ['an empty scope', withClaims({ scope: '' }), needsScope],
  ['another scope', withClaims({ scope: 'user.read' }), needsScope],
  ['a prefix of the scope', withClaims({ scope: 'message message.rea' }), needsScope],
  ['the scope in another case', withClaims({ scope: 'Message.Read' }), needsScope],
  ['an asterisk', withClaims({ scope: 'message.* *' }), needsScope],
  ['the scope in scp', withClaims({ scp: 'message.read' }), needsScope],
  [
    'a claim __proto__ with the scope',
    (cast) => withPayload(cast, `{"__proto__":{"scope":"message.read"},${JSON.stringify(claims()).slice(1)}`),
    needsScope,
  ],
  ['the scope among others', withClaims({ scope: 'a message.read b' }), accepted],
  ['the scope with several blanks', withClaims({ scope: '  a   message.read ' }), accepted],
];

const byToken = (rows: readonly TokenRow[], path = '/message'): Row[] =>
  rows.map(([name, token, expected]) => [name, async (cast) => ({ path, ...bearer(await token(cast)) }), expected]);

const MATRIX: Record<string, Row[]> = {
  'RFC 6750 §2: where the token is': CREDENTIALS,
  'RFC 7519 §7.2: the form of the token': byToken(FORM),
  'RFC 8725 §3.1: the algorithm and the signature': byToken(ALGORITHMS),
  'RFC 8725 §3.10: where the key comes from': byToken(KEYS),
  'RFC 7515 §4: the header': byToken(HEADERS),
  'RFC 9068 §4: issuer and audience': byToken(ISSUER_AND_AUDIENCE),
  'RFC 7519 §4.1: dates': byToken(DATES),
  'RFC 9068 §2.2, RFC 8693 §4: claims': byToken(CLAIMS),
  'RFC 6750 §3.1: scope': byToken(SCOPES, '/scoped'),
};

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

function send(port: number, { method = 'GET', path = '/message', headers = [], body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))];
    const raw = ['Host', `127.0.0.1:${port}`, 'Connection', 'close', ...length, ...headers];
    const call = httpRequest({ host: '127.0.0.1', port, method, path, headers: raw, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

describe.each(['express', 'fastify'])('the guard on %s', (platform) => {
  let cast: Cast;
  let app: INestApplication<Server>;
  let port: number;
  const logged: unknown[] = [];

  beforeAll(async () => {
    const shared = { audience: AUDIENCE, clock: () => NOW };
    const [issuer, other, rsa, impostor] = await Promise.all([
      createTestIssuer({ ...shared, issuer: ISSUER }),
      createTestIssuer({ ...shared, issuer: 'https://other.test' }),
      createTestIssuer({ ...shared, issuer: 'https://rsa.test', algorithm: 'RS256' }),
      createTestIssuer({ ...shared, issuer: ISSUER }),
    ]);
    cast = { issuer, other, rsa, impostor };
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { issuers: [issuer, other, rsa], clock: () => NOW })],
      controllers: [MessageController],
    }).compile();
    app = platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    const log = (...what: unknown[]) => void logged.push(what);
    app.useLogger({ log, error: log, warn: log, fatal: log, debug: log, verbose: log });
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
  });
  afterAll(() => app.close());

  it('is asked at least 120 questions', () => {
    expect(Object.values(MATRIX).flat().length).toBeGreaterThanOrEqual(120);
  });

  describe.each(Object.entries(MATRIX))('%s', (_section, rows) => {
    it.each(rows)('%s', async (_name, row, expected) => {
      const sent = await row(cast);
      const { status, headers, text } = await send(port, sent);
      expect({ status, challenge: headers['www-authenticate'] }).toEqual({
        status: expected.status,
        challenge: expected.challenge,
      });
      if (expected.error) {
        const body = JSON.parse(text) as Record<string, unknown>;
        expect(body).toMatchObject({ error: expected.error });
        expect(expected.challenge).toContain(`error_description="${String(body['error_description'])}"`);
      }
      expect(headers['set-cookie']).toBeUndefined();
      expectNoEcho(sent, text + (headers['www-authenticate'] ?? '') + inspect(logged, { depth: null }));
    });
  });
});

/** Nothing that was sent as a token comes back, or is logged. */
function expectNoEcho({ headers = [] }: Sent, answer: string): void {
  const parts = headers.flatMap((value) => value.split(/[ .,]/)).filter((part) => part.length > 16);
  for (const part of parts) expect(answer).not.toContain(part);
}
