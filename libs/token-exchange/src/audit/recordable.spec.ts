import { describe, expect, it } from '@jest/globals';
import { omittedOf, recordable, recordableList, recordableScopes } from './recordable.js';

describe('what may be written down of what a caller sends', () => {
  it('256 characters of a value, with a mark where it was cut', () => {
    expect(recordable('x'.repeat(256))).toBe('x'.repeat(256));
    expect(recordable('x'.repeat(257))).toBe(`${'x'.repeat(255)}…`);
    expect(recordable('eyJabcdefgh '.repeat(100)).length).toBeLessThanOrEqual(256);
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
