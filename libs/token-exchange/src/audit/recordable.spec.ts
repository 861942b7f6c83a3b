import { describe, expect, it } from '@jest/globals';
import { omittedOf, recordable, recordableList, recordableScopes } from './recordable.js';

describe('what may be written down of what a caller sends', () => {
  it('256 characters of a value, with a mark where it was cut', () => {
    expect(recordable('x'.repeat(256))).toBe('x'.repeat(256));
    expect(recordable('x'.repeat(257))).toBe(`${'x'.repeat(255)}…`);
    expect(recordable('eyJabcdefgh '.repeat(100)).length).toBeLessThanOrEqual(256);
  });

  it('no token, whole or cut, but every identifier', () => {
    const [header, payload, signature] = ['eyJhbGciOiJFUzI1NiJ9', 'eyJzdWIiOiJ4In0', 'c2lnbmF0dXJl'];
    expect(recordable(`of ${header}.${payload}.${signature}, which`)).toBe('of [not recorded], which');
    expect(recordable(`${header}..iv.text.tag`)).toBe('[not recorded]');
    expect(recordable(`at the end: eyJ${'x'.repeat(500)}.${payload}.${signature}`)).toBe('at the end: [not recorded]…');
    const random = 'Yd9eyJiSvXFV7m9uA2nVeyJ8rW-4q';
    expect(recordable(random)).toBe(random);
  });

  it('eight entries of a list, and how many there were beside them', () => {
    const targets = Array.from({ length: 20 }, (_, index) => `target-${index}`);
    const recorded = recordableList(targets);
    expect(recorded).toEqual(targets.slice(0, 8));
    expect(omittedOf({ targets: { all: 20, recorded: 8 }, actors: { all: 1, recorded: 1 } })).toEqual({ targets: 12 });
    expect(omittedOf({ targets: { all: 8, recorded: 8 } })).toBeUndefined();
  });

  it('whole scopes, in as many characters as any other value', () => {
    expect(recordableScopes(['a', 'b'])).toEqual(['a', 'b']);
    expect(recordableScopes(Array.from({ length: 100 }, () => 'ten-chars.')).join(' ').length).toBeLessThanOrEqual(256);
  });
});
