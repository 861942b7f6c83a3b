import { describe, expect, it } from '@jest/globals';
import { formatActClaim, MalformedClaim, MAX_ACTORS, parseActClaim, parseMayActClaim } from './actor.js';

const nested = (depth: number): unknown => {
  let act: unknown;
  for (let index = depth; index > 0; index -= 1) act = { sub: `a${index}`, ...(act === undefined ? {} : { act }) };
  return act;
};

describe('RFC 8693 §4.1: act', () => {
  it('is read with the current actor first and the least recent last', () => {
    expect(
      parseActClaim({ sub: 'b', iss: 'https://i', act: { sub: 'a', client_id: 'c', sub_profile: 'service' } }),
    ).toEqual([
      { sub: 'b', iss: 'https://i' },
      { sub: 'a', client_id: 'c', sub_profile: 'service' },
    ]);
  });

  it('is nobody when absent', () => {
    expect(parseActClaim(undefined)).toEqual([]);
    expect(formatActClaim([])).toBeUndefined();
  });

  it('is written as it is read', () => {
    const act = { sub: 'c', act: { sub: 'b', iss: 'https://i', act: { sub: 'a' } } };
    expect(formatActClaim(parseActClaim(act))).toEqual(act);
  });

  it('keeps identity claims and nothing else', () => {
    expect(parseActClaim({ sub: 'a', exp: 1, aud: 'x', email: 'e' })).toEqual([{ sub: 'a' }]);
  });

  it.each([
    ['a string', 'a', 'must be a JSON object'],
    ['null', null, 'must be a JSON object'],
    ['a list', [{ sub: 'a' }], 'must be a JSON object'],
    ['an object without identity', { exp: 1 }, 'must hold one of'],
    ['an object without sub', { iss: 'https://i' }, 'must name a "sub"'],
    ['an inherited sub', Object.create({ sub: 'a' }), 'must hold one of'],
    ['an empty sub', { sub: '' }, 'member "sub" must be a non-empty string'],
    ['a number as iss', { sub: 'a', iss: 1 }, 'member "iss" must be a non-empty string'],
    ['a malformed actor within', { sub: 'a', act: { sub: 1 } }, 'member "sub" must be a non-empty string'],
    ['null within', { sub: 'a', act: null }, 'must be a JSON object'],
  ])('is malformed as %s', (_name, act, problem) => {
    expect(() => parseActClaim(act)).toThrow(MalformedClaim);
    expect(() => parseActClaim(act)).toThrow(problem);
  });

  it('nests as many actors as allowed and not one more', () => {
    expect(parseActClaim(nested(MAX_ACTORS))).toHaveLength(MAX_ACTORS);
    expect(() => parseActClaim(nested(MAX_ACTORS + 1))).toThrow(`nests more than ${MAX_ACTORS} actors`);
  });
});

describe('RFC 8693 §4.4: may_act', () => {
  it('names one party or several, by any identity claim', () => {
    expect(parseMayActClaim({ sub: 'a', exp: 1 })).toEqual([{ sub: 'a' }]);
    expect(parseMayActClaim([{ client_id: 'c' }, { sub: 'a', iss: 'https://i' }])).toEqual([
      { client_id: 'c' },
      { sub: 'a', iss: 'https://i' },
    ]);
  });

  it('is not the same absent, which says nothing, as empty, which names nobody', () => {
    expect(parseMayActClaim(undefined)).toBeUndefined();
    expect(parseMayActClaim([])).toEqual([]);
  });

  it.each(['a', null, 7, [null], ['a'], [{}], {}])('is malformed as %j', (mayAct) => {
    expect(() => parseMayActClaim(mayAct)).toThrow(MalformedClaim);
  });

  it('lists a bounded number of parties', () => {
    const parties = Array.from({ length: MAX_ACTORS + 1 }, (_, index) => ({ sub: `a${index}` }));
    expect(parseMayActClaim(parties.slice(1))).toHaveLength(MAX_ACTORS);
    expect(() => parseMayActClaim(parties)).toThrow(`lists more than ${MAX_ACTORS} parties`);
  });
});
