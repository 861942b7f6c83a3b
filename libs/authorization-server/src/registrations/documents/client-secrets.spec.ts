import { describe, expect, it } from '@jest/globals';
import { hash, isOneOf, makeSecret, withOverlap } from './client-secrets.js';

const NOW = 1_000_000;

describe('secrets of clients', () => {
  it('are 256 random bits, and stored as a hash', () => {
    const made = Array.from({ length: 50 }, () => makeSecret());
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(50);
    for (const { secret, stored } of made) {
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
      expect(stored).toEqual({ hash: hash(secret) });
      expect(stored.hash).not.toContain(secret);
    }
  });

  it('hold until they expire', () => {
    const secrets = [{ hash: hash('old'), expiresAt: NOW + 1 }, { hash: hash('new') }];
    expect(['old', 'new', 'other', ''].map((secret) => isOneOf(secrets, secret, NOW))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(['old', 'new'].map((secret) => isOneOf(secrets, secret, NOW + 1))).toEqual([false, true]);
    expect(isOneOf([], 'new', NOW)).toBe(false);
  });

  it('a hash is no secret', () => {
    expect(isOneOf([{ hash: hash('new') }], hash('new'), NOW)).toBe(false);
  });

  it.each([
    ['one for good', {}, [{ hash: 'h', expiresAt: NOW + 60 }]],
    ['one that would hold longer', { expiresAt: NOW + 90 }, [{ hash: 'h', expiresAt: NOW + 60 }]],
    ['one that ends earlier', { expiresAt: NOW + 30 }, [{ hash: 'h', expiresAt: NOW + 30 }]],
    ['one that has ended', { expiresAt: NOW }, []],
  ])('after a rotation, %s holds no longer than the overlap', (_, expiry, expected) => {
    expect(withOverlap([{ hash: 'h', ...expiry }], NOW, NOW + 60)).toEqual(expected);
  });

  it('without an overlap, none of the old ones holds', () => {
    expect(withOverlap([{ hash: 'h' }], NOW, NOW)).toEqual([]);
  });
});
