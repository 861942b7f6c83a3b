import { describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWSHeaderParameters } from 'jose';
import { LocalIssuerKeys } from './local-issuer-keys.js';

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

  it('finds none for a header without kid where there are several', async () => {
    const keys = await keysOf('1', '2');
    await keys.find({ alg: 'ES256', kid: '1' });
    await expect(keys.find({ alg: 'ES256' })).rejects.toEqual(unknown);
  });
});
