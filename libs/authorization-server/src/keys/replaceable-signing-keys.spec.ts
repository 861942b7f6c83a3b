import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { verifyJwt, type SigningAlgorithm } from '@onbehalf/jwt-verification';
import { decodeProtectedHeader, type JWK } from 'jose';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { generateKey, OWN_ALGORITHMS } from './key-set.js';
import { ReplaceableSigningKeys } from './replaceable-signing-keys.js';

const ISSUER = 'https://issuer.test';
const schedule = { publishAhead: 3600, retireFor: 7200 };

describe('a key set that another one takes the place of', () => {
  const made: Record<string, JWK> = {};
  const set = (...kids: string[]) => ({ keys: kids.map((kid) => made[kid]!) });
  let now: number;
  let keys: ReplaceableSigningKeys;
  let told: string[][];

  beforeAll(async () => {
    for (const kid of ['es-1', 'es-2', 'es-3', 'rs-1', 'rs-2']) {
      made[kid] = { ...(await generateKey(kid.startsWith('es') ? 'ES256' : 'RS256')), kid };
    }
  });

  const opened = async (...kids: string[]): Promise<void> => {
    now = 1_700_000_000;
    told = [];
    const onChanged = (published: readonly { kid: string }[]) => void told.push(published.map(({ kid }) => kid));
    keys = await ReplaceableSigningKeys.open({ jwks: set(...kids), schedule, clock: () => now, onChanged });
  };
  beforeEach(() => opened('es-1', 'rs-1'));

  const replace = async (...kids: string[]): Promise<boolean> => {
    const { isOther, putInForce } = await keys.prepare(set(...kids));
    putInForce();
    return isOther;
  };
  const later = async (seconds: number): Promise<void> => {
    now += seconds;
    await keys.follow();
  };
  const published = (): string[] => keys.current.map(({ kid }) => kid).sort();
  const signs = async (alg: SigningAlgorithm = 'ES256'): Promise<string | undefined> =>
    decodeProtectedHeader(await keys.sign({}, { typ: 'at+jwt', alg })).kid;

  it('publishes a new key at once, and signs with it when guards have had time to learn of it', async () => {
    expect(await replace('es-2', 'es-1', 'rs-1')).toBe(true);
    expect(published()).toEqual(['es-1', 'es-2', 'rs-1']);
    await later(3599);
    expect(await signs()).toBe('es-1');
    await later(1);
    expect(await signs()).toBe('es-2');
    expect(published()).toEqual(['es-1', 'es-2', 'rs-1']);
    expect(told).toEqual([
      ['es-1', 'rs-1', 'es-2'],
      ['es-2', 'rs-1', 'es-1'],
    ]);
  });

  it('goes over to a set that has none of the old keys, and what those signed stays good', async () => {
    const issuer = { issuer: ISSUER, keys: keys.verification, algorithms: OWN_ALGORITHMS };
    const claims = () => ({ iss: ISSUER, exp: Math.floor(Date.now() / 1000) + 60 });
    const before = await keys.sign(claims(), { typ: 'at+jwt' });
    await replace('es-2', 'rs-2');
    expect([await signs(), await signs('RS256')]).toEqual(['es-1', 'rs-1']);
    await later(3600);
    expect([await signs(), await signs('RS256')]).toEqual(['es-2', 'rs-2']);
    await later(7199);
    expect((await verifyJwt(before, { issuers: [issuer] })).claims['iss']).toBe(ISSUER);
    await later(1);
    expect(published()).toEqual(['es-2', 'rs-2']);
    await expect(verifyJwt(before, { issuers: [issuer] })).rejects.toThrow();
  });

  it('hands over at once to a key that is published already, and keeps what signed for its time', async () => {
    await replace('es-1', 'es-2', 'rs-1');
    await later(3600);
    expect(await signs()).toBe('es-1');
    await replace('es-2', 'rs-1');
    expect(await signs()).toBe('es-2');
    expect(published()).toEqual(['es-1', 'es-2', 'rs-1']);
    await later(7200);
    expect(published()).toEqual(['es-2', 'rs-1']);
  });

  it('drops a key at once that does not sign: a lost one is put behind another, and then left out', async () => {
    await opened('es-1', 'es-2', 'rs-1');
    await replace('es-2', 'es-1', 'rs-1');
    expect(await signs()).toBe('es-2');
    await replace('es-2', 'rs-1');
    expect(published()).toEqual(['es-2', 'rs-1']);
  });

  it('takes the newest wish when it changes before it is fulfilled', async () => {
    await replace('es-2', 'rs-1');
    await replace('es-3', 'rs-1');
    expect(published()).toEqual(['es-1', 'es-3', 'rs-1']);
    await replace('es-1', 'rs-1');
    await later(36_000);
    expect(published()).toEqual(['es-1', 'rs-1']);
    expect(await signs()).toBe('es-1');
  });

  it('is not another one when it is the same', async () => {
    expect(await replace('es-1', 'rs-1')).toBe(false);
    expect(told).toEqual([]);
  });

  it.each([
    ['that lacks an algorithm', () => set('es-2'), 'a private key for RS256'],
    [
      'with a public key',
      () => ({ keys: [...set('es-1', 'rs-1').keys, { ...made['es-2']!, d: undefined }] }),
      'a private key',
    ],
    ['with two keys of one kid', () => set('es-1', 'es-1', 'rs-1'), 'a kid that no other key has'],
    [
      'whose kid is that of another key',
      () => ({ keys: [{ ...made['es-2']!, kid: 'es-1' }, made['rs-1']!] }),
      'another kid for another key',
    ],
    [
      'with a key that is too short',
      () => ({ keys: [made['es-1']!, { ...short(), kid: 'rs-2' }] }),
      'a key that signs what its public part verifies',
    ],
    [
      'with a secret',
      () => ({ keys: [...set('es-1', 'rs-1').keys, secret()] }),
      'a key that signs what its public part',
    ],
    [
      'whose public part is that of another key',
      () => ({ keys: [made['es-1']!, { ...made['rs-1']!, kid: 'rs-2', n: made['rs-2']!.n! }] }),
      'a key that signs what its public part verifies',
    ],
    [
      'whose private part is that of another key',
      () => ({ keys: [made['es-1']!, { ...made['rs-2']!, kid: 'rs-1', n: made['rs-1']!.n! }] }),
      'a key that signs what its public part verifies',
    ],
    [
      'with a key that encrypts',
      () => ({ keys: [...set('es-1', 'rs-1').keys, { ...made['rs-2']!, use: 'enc' }] }),
      'a key whose use is sig',
    ],
    [
      'with an empty kid',
      () => ({ keys: [...set('es-1', 'rs-1').keys, { ...made['es-2']!, kid: '' }] }),
      'a kid that is',
    ],
    [
      'with a kid that is no text',
      () => ({ keys: [...set('es-1', 'rs-1').keys, { ...made['es-2']!, kid: 5 } as unknown as JWK] }),
      'a kid that is',
    ],
    [
      'that has a key for another algorithm now',
      () => ({ keys: [...set('es-1', 'rs-2').keys, { ...made['rs-1']!, alg: 'PS256' }] }),
      'another kid for another key',
    ],
  ])('refuses one %s, and nothing changes', async (_, jwks, accepted) => {
    await expect(keys.prepare(jwks())).rejects.toThrow(accepted);
    expect(published()).toEqual(['es-1', 'rs-1']);
    expect(await signs()).toBe('es-1');
  });
});

function secret(): JWK {
  return { kty: 'oct', k: randomBytes(32).toString('base64url'), alg: 'HS256', kid: 'secret', d: '' };
}

function short(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), alg: 'RS256' };
}
