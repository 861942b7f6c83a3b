import { describe, expect, it } from '@jest/globals';
import { formatScope, isScope, isScopeToken, parseScope } from './scope.js';

describe('RFC 6749 §3.3: scope', () => {
  it('is a list of tokens, each once, in the order in which they were sent', () => {
    expect(parseScope('  b a  b ')).toEqual(['b', 'a']);
    expect(parseScope('')).toEqual([]);
    expect(formatScope(['b', 'a'])).toBe('b a');
  });

  it.each(['a', '!', 'https://api.example/read', 'user:read', '[]^_`{|}~'])('has the token %s', (token) => {
    expect(isScopeToken(token)).toBe(true);
    expect(parseScope(token)).toEqual([token]);
  });

  it.each(['"', '\\', 'é', 'a\tb', '\u007f', '\u0000'])('has no token %j', (token) => {
    expect(isScopeToken(token)).toBe(false);
    expect(() => parseScope(`a ${token}`)).toThrow(expect.objectContaining({ code: 'invalid_scope' }));
  });

  it('is written with one space between its tokens, and none elsewhere', () => {
    expect(['a', 'a b', 'a b a'].map(isScope)).toEqual([true, true, true]);
    expect(['', ' ', ' a', 'a ', 'a  b', 'a\tb', 'a "'].map(isScope)).not.toContain(true);
  });

  it('has no empty token and none with a space', () => {
    expect([isScopeToken(''), isScopeToken('a b')]).toEqual([false, false]);
  });
});
