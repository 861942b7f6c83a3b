import { describe, expect, it } from '@jest/globals';
import { MalformedClaim } from './actor.js';
import { parseImpersonationMark } from './impersonation-mark.js';

describe('the mark of an administrative impersonation', () => {
  it('is absent, or names the impersonation and the administrator, and nothing else', () => {
    expect(parseImpersonationMark(undefined)).toBeUndefined();
    expect(parseImpersonationMark({ id: 'i', sub: 'support', reason: 'x' })).toEqual({ id: 'i', sub: 'support' });
    const mark = { id: 'i', sub: 'support', iss: 'https://i' };
    expect(parseImpersonationMark(mark)).toEqual(mark);
  });

  it.each([
    ['a truth', true, 'must be a JSON object'],
    ['null', null, 'must be a JSON object'],
    ['a list', [{ id: 'i', sub: 's' }], 'must be a JSON object'],
    ['without an id', { sub: 's' }, 'must hold "id" and "sub"'],
    ['without a subject', { id: 'i' }, 'must hold "id" and "sub"'],
    ['with inherited members', Object.create({ id: 'i', sub: 's' }), 'must hold "id" and "sub"'],
    ['with an empty id', { id: '', sub: 's' }, 'member "id" must be a non-empty string'],
    ['with a number as iss', { id: 'i', sub: 's', iss: 1 }, 'member "iss" must be a non-empty string'],
  ])('is malformed as %s, and never lost', (_name, value, problem) => {
    expect(() => parseImpersonationMark(value)).toThrow(MalformedClaim);
    expect(() => parseImpersonationMark(value)).toThrow(problem);
  });
});
