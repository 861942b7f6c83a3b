import { describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWSHeaderParameters } from 'jose';
import { LocalIssuerKeys } from './local-issuer-keys.js';
import { verifyJwt } from '../verification/verify-jwt.js';

describe('LocalIssuerKeys', () => {
  const keysOf = async (...kids: readonly string[]) => {
    const publish = async (kid: string) => ({
      ...(await exportJWK((await generateKeyPair('ES256')).publicKey)),
      kid,
      use: 'sig',
    });
    return new LocalIssuerKeys({ keys: await Promise.all(kids.map(publish)) });
  };
  const unknown = expect.objectContaining({ code: 'unknown_key' });

  it('finds the key that the header names, the same one each time', async () => {
    const keys = await keysOf('1', '2');
    const first = await keys.find({ alg: 'ES256', kid: '1' });
    expect(await keys.find({ alg: 'ES256', kid: '1' })).toBe(first);
    expect(await keys.find({ alg: 'ES256', kid: '2' })).not.toBe(first);
  });

  it('finds the only key for a header without kid', async () => {
    const keys = await keysOf('1');
    const named = await keys.find({ alg: 'ES256', kid: '1' });
    expect(await keys.find({ alg: 'ES256' })).toBe(named);
  });

  it.each([
    ['another kid', { alg: 'ES256', kid: '2' }],
    ['a kid that is a number', { alg: 'ES256', kid: 1 }],
    ['a kid that is null', { alg: 'ES256', kid: null }],
    ['a kid that is a list', { alg: 'ES256', kid: ['1'] }],
    ['another algorithm', { alg: 'ES384', kid: '1' }],
    ['a shared secret', { alg: 'HS256', kid: '1' }],
    ['algorithm and kid in one', { alg: 'ES256","1' }],
    ['an algorithm that is a list', { alg: ['ES256'], kid: '1' }],
    ['no algorithm', { kid: '1' }],
  ])('finds none for %s, whatever was found before', async (_, header) => {
    const keys = await keysOf('1');
    await keys.find({ alg: 'ES256', kid: '1' });
    await keys.find({ alg: 'ES256' });
    await expect(keys.find(header as unknown as JWSHeaderParameters)).rejects.toEqual(unknown);
  });

  it('finds each of several for a header without kid, and for a kid that several have', async () => {
    const keys = await keysOf('1', '2', '2');
    await keys.find({ alg: 'ES256', kid: '1' });
    expect(await keys.find({ alg: 'ES256' })).toHaveLength(3);
    expect(await keys.find({ alg: 'ES256', kid: '2' })).toHaveLength(2);
    await expect(keys.find({ alg: 'ES256', kid: '3' })).rejects.toEqual(unknown);
  });

  it('tries no more than ten', async () => {
    const keys = await keysOf(...Array.from({ length: 11 }, String));
    await expect(keys.find({ alg: 'ES256' })).rejects.toMatchObject({
      code: 'unknown_key',
      message: 'The token does not say which key signed it',
    });
  });

  it.each([undefined, 'same'])('a token of any of the keys is verified, with kid %s', async (kid) => {
    const pairs = await Promise.all([1, 2].map(() => generateKeyPair('ES256')));
    const published = await Promise.all(pairs.map(async ({ publicKey }) => ({ ...(await exportJWK(publicKey)), kid })));
    const keys = new LocalIssuerKeys({ keys: published });
    const issuers = [{ issuer: 'https://issuer.test', keys, algorithms: ['ES256' as const] }];
    const sign = (key: CryptoKey) =>
      new SignJWT({ iss: 'https://issuer.test' })
        .setProtectedHeader({ alg: 'ES256', ...(kid && { kid }) })
        .setExpirationTime('1h')
        .sign(key);
    for (const { privateKey } of pairs) {
      await expect(verifyJwt(await sign(privateKey), { issuers })).resolves.toHaveProperty('claims');
    }
    const stranger = await generateKeyPair('ES256');
    await expect(verifyJwt(await sign(stranger.privateKey), { issuers })).rejects.toMatchObject({ code: 'signature' });
  });
});
