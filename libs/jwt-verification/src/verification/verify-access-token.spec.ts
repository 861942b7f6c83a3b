import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { errors, SignJWT, type JWK } from 'jose';
import { generateKeyPairSync, sign } from 'node:crypto';
import { format, inspect } from 'node:util';
import { currentAccessToken, withAccessToken } from './access-token-context.js';
import { LocalIssuerKeys } from '../keys/local-issuer-keys.js';
import type { RejectionCode } from './token-rejection.js';
import type { SigningAlgorithm, TrustedIssuer } from '../issuers/trusted-issuer.js';
import { verifyAccessToken } from './verify-access-token.js';
import { MAX_CLOCK_TOLERANCE, verifyJwt } from './verify-jwt.js';

const NOW = 1_800_000_000;
const clock = () => NOW;

describe('verifyAccessToken', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await createTestIssuer({ clock });
  });
  const verify = (token: string, issuers: readonly TrustedIssuer[] = [issuer]) =>
    verifyAccessToken(token, { issuers, audiences: ['service'], clock });

  it('refuses a token of another audience and names both', async () => {
    const token = await issuer.token({ aud: 'user-service' });
    await expect(
      verifyAccessToken(token, { issuers: [issuer], audiences: ['message-service'], clock }),
    ).rejects.toMatchObject({
      code: 'audience',
      message: "Invalid audience claim. Expected 'message-service', got 'user-service'",
    });
  });

  it('tells what the token says', async () => {
    const act = {
      sub: 'message-service',
      iss: 'https://issuer.test',
      act: { sub: 'user-service', email: 'not an identity' },
    };
    const token = await issuer.token({ sub: 'baeldung', aud: ['service', 'b'], scope: 'a b a', jti: 'id', act });
    expect(await verify(token)).toEqual({
      issuer: 'https://issuer.test',
      subject: 'baeldung',
      clientId: 'client',
      jwtId: 'id',
      audiences: ['service', 'b'],
      scopes: ['a', 'b'],
      actors: [{ sub: 'message-service', iss: 'https://issuer.test' }, { sub: 'user-service' }],
      expiresAt: NOW + 300,
      claims: expect.objectContaining({ sub: 'baeldung', act }) as unknown,
    });
  });

  it.each<SigningAlgorithm>(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS512', 'PS384', 'ES512'])(
    'RFC 7518 §3.1: accepts %s from an issuer that is pinned to it, and from no other',
    async (algorithm) => {
      const one = await createTestIssuer({ algorithm, clock });
      await expect(verify(await one.token(), [one])).resolves.toMatchObject({ subject: 'user' });
      const pinned: TrustedIssuer = { ...one, algorithms: algorithm === 'ES256' ? ['ES384'] : ['ES256'] };
      await expect(verify(await one.token(), [pinned])).rejects.toMatchObject({ code: 'algorithm' });
    },
  );

  const REJECTED: [string, (issuer: TestIssuer) => string | Promise<string>, RejectionCode][] = [
    ['an oversized token', () => `${'x'.repeat(8192)}.`, 'oversized'],
    ['an opaque token', () => 'opaque', 'malformed'],
    [
      'a header that is no JSON',
      async (one) => `eA${(await one.token()).slice((await one.token()).indexOf('.'))}`,
      'malformed',
    ],
    ['another issuer', (one) => one.token({ iss: 'https://other.test' }), 'issuer'],
    ['typ JWT', (one) => one.token({ header: { typ: 'JWT' } }), 'type'],
    [
      'an algorithm that is not pinned',
      (one) => one.token({ header: { alg: 'ES256', kid: 'unknown' } }),
      'unknown_key',
    ],
    ['an unknown critical header', (one) => critical(one), 'critical'],
    ['a changed signature', async (one) => `${(await one.token()).slice(0, -8)}AAAAAAAA`, 'signature'],
    ['an expired token', (one) => one.token({ exp: NOW - 31 }), 'expired'],
    ['a token of tomorrow', (one) => one.token({ nbf: NOW + 31 }), 'not_yet_valid'],
    ['a token from tomorrow', (one) => one.token({ iat: NOW + 31 }), 'not_yet_valid'],
    ['no expiry', (one) => one.token({ exp: undefined }), 'claim'],
    ['no subject', (one) => one.token({ sub: undefined }), 'claim'],
    ['no issue date', (one) => one.token({ iat: undefined }), 'claim'],
    ['a scope that is a list', (one) => one.token({ scope: ['a'] }), 'claim'],
    ['a scope with a quotation mark', (one) => one.token({ scope: '"' }), 'claim'],
    ['an act without a subject', (one) => one.token({ act: { iss: 'a' } }), 'claim'],
  ];

  it.each(REJECTED)('refuses %s, and shows nothing of it', async (_case, make, code) => {
    const token = await make(issuer);
    const rejection: unknown = await verify(token).catch((error: unknown) => error);
    expect(rejection).toMatchObject({ name: 'TokenRejection', code });
    const shown = inspect(rejection, { depth: null, showHidden: true });
    for (const part of token.split('.').filter((text) => text.length > 6)) expect(shown).not.toContain(part);
    expect(shown).not.toMatch(/client_id|"jti"|jti:/);
  });

  it('shows what it has verified, and not the token', async () => {
    const token = await issuer.token({ act: { sub: 'user-service' } });
    const verified = await verify(token);
    expect(verified.token).toBe(token);
    const shown = [
      JSON.stringify(verified),
      JSON.stringify({ verified }, ['verified', 'token', 'claims']),
      JSON.stringify({ ...verified }),
      JSON.stringify(Object.entries(verified)),
      format('%o %O %j %s', verified, verified, verified, verified),
      inspect({ verified }, { depth: null, showHidden: true }),
    ];
    for (const text of shown) for (const part of token.split('.')) expect(text).not.toContain(part);
    expect(JSON.parse(shown[0]!)).toMatchObject({ issuer: issuer.issuer, actors: [{ sub: 'user-service' }] });
  });

  it('never tolerates more than 30 seconds, whatever it is asked for', async () => {
    const token = await issuer.token({ exp: NOW - MAX_CLOCK_TOLERANCE });
    const expected = { issuers: [issuer], audiences: ['service'], clock, clockTolerance: 3600 };
    await expect(verifyAccessToken(token, expected)).rejects.toMatchObject({ code: 'expired' });
  });

  it('tries each key where several would do and the token names none', async () => {
    const [one, other] = await Promise.all([createTestIssuer({ clock }), createTestIssuer({ clock })]);
    const keys = new LocalIssuerKeys({ keys: [...one.jwks.keys, ...other.jwks.keys] });
    const token = await one.token({ header: { kid: undefined } });
    await expect(verify(token, [{ ...one, keys }])).resolves.toBeDefined();
    await expect(verify(await other.token(), [{ ...one, keys }])).resolves.toBeDefined();
  });

  it('does not take an error of its own for a bad token', async () => {
    for (const mistake of [new TypeError('fetch failed'), new errors.JWKSTimeout()]) {
      const keys = { find: () => Promise.reject(mistake) };
      await expect(verify(await issuer.token(), [{ ...issuer, keys }])).rejects.toBe(mistake);
    }
  });

  it('finds no key in one that is broken or too weak', async () => {
    const { kid } = issuer.jwks.keys[0]!;
    const broken = new LocalIssuerKeys({ keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid }] });
    await expect(verify(await issuer.token(), [{ ...issuer, keys: broken }])).rejects.toMatchObject({
      code: 'unknown_key',
    });
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const weak = new LocalIssuerKeys({ keys: [{ ...(publicKey.export({ format: 'jwk' }) as JWK), kid }] });
    const input = (await issuer.token({ header: { alg: 'ES256' } })).split('.');
    input[0] = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'at+jwt', kid })).toString('base64url');
    const signature = sign('sha256', Buffer.from(`${input[0]}.${input[1]}`), privateKey).toString('base64url');
    const token = `${input[0]}.${input[1]}.${signature}`;
    await expect(verify(token, [{ ...issuer, keys: weak, algorithms: ['RS256'] }])).rejects.toMatchObject({
      code: 'malformed',
    });
  });
});

describe('verifyJwt', () => {
  it('accepts any type and audience unless it is told which', async () => {
    const issuer = await createTestIssuer();
    const token = await issuer.token({ header: { typ: 'JWT' }, aud: undefined });
    await expect(verifyJwt(token, { issuers: [issuer] })).resolves.toMatchObject({ claims: { sub: 'user' } });
    await expect(verifyJwt(token, { issuers: [issuer], audiences: ['a'] })).rejects.toMatchObject({ code: 'claim' });
    await expect(verifyJwt(token, { issuers: [issuer], types: ['logout+jwt'] })).rejects.toMatchObject({
      message: "Invalid token type. Expected 'logout+jwt'",
    });
  });
});

describe('currentAccessToken', () => {
  it('is the token of the request through every await, and of no other request', async () => {
    const issuer = await createTestIssuer();
    const subjects = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const sub = `user-${index}`;
        const token = await verifyAccessToken(await issuer.token({ sub }), {
          issuers: [issuer],
          audiences: ['service'],
        });
        return withAccessToken(token, async () => {
          await new Promise((resolve) => setTimeout(resolve, (index * 7) % 5));
          return currentAccessToken()?.subject === sub;
        });
      }),
    );
    expect(subjects.every(Boolean)).toBe(true);
    expect(currentAccessToken()).toBeUndefined();
  });
});

function critical({ privateKey, jwks }: TestIssuer): Promise<string> {
  const claims = { iss: 'https://issuer.test', aud: 'service', exp: NOW + 300 };
  const header = { alg: 'ES256', kid: jwks.keys[0]!.kid, typ: 'at+jwt', crit: ['x'], x: 1 };
  return new SignJWT(claims).setProtectedHeader(header).sign(privateKey, { crit: { x: true } });
}
