import { describe, expect, it } from '@jest/globals';
import { patchBetween, patched, type Json } from './merge-patch.js';

describe('RFC 7396: what a request has changed', () => {
  it.each<[string, Json, Json, Json]>([
    ['nothing', { a: { b: 1 } }, { a: { b: 1 } }, {}],
    ['a member that is new', {}, { a: 1 }, { a: 1 }],
    ['a member that is gone', { a: 1, b: 2 }, { b: 2 }, { a: null }],
    ['one member of an object', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, { a: { c: 3 } }],
    ['a list, as a whole', { a: [1, 2] }, { a: [1] }, { a: [1] }],
    ['a value that becomes an object', { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
    ['an object that becomes a value', { a: { b: 1 } }, { a: 'x' }, { a: 'x' }],
  ])('%s', (_case, before, after, patch) => {
    expect(patchBetween(before, after)).toEqual(patch);
    expect(patched(before, patch)).toEqual(after);
  });

  it('goes together with what another request has changed meanwhile', () => {
    const before = { login: { token: 'old', onTrial: true } };
    const patch = patchBetween(before, { login: { token: 'old', onTrial: false } });
    expect(patched({ login: { token: 'new', onTrial: true } }, patch)).toEqual({
      login: { token: 'new', onTrial: false },
    });
  });
});
