import { describe, expect, it } from '@jest/globals';
import { compareClaims } from './claims-comparison.js';
import { flowOf } from './flow.js';
import type { MessageAnswer } from './message.js';
import { messagePage } from './message.page.js';

const A = {
  service: 'user-service',
  header: {},
  calls: [],
  claims: { sub: 'baeldung', aud: 'user-service', scope: 'user.read', jti: '1', exp: 1 },
};
const B = {
  service: 'message-service',
  header: {},
  calls: [],
  claims: {
    sub: 'baeldung',
    aud: 'message-service',
    scope: 'message.read',
    act: { sub: 'user-service' },
    jti: '2',
    exp: 2,
  },
};
const visitor = { user: 'baeldung', csrf: 'x' };
const measured = {
  browser: { startedAt: 0, duration: 9 },
  userService: { startedAt: 1, duration: 7 },
  url: 'http://localhost:8081',
};
const pageOf = (answer: MessageAnswer, user = 'baeldung'): string =>
  messagePage({ ...visitor, user }, answer, flowOf(answer, measured));

describe('compareClaims', () => {
  it('puts who may do what first, and what each token has of its own last', () => {
    expect(compareClaims([A, B]).map(({ name }) => name)).toEqual(['sub', 'aud', 'scope', 'act', 'jti', 'exp']);
  });

  it('marks what is other than in the token before', () => {
    const changed = Object.fromEntries(compareClaims([A, B]).map((claim) => [claim.name, claim.changed]));
    expect(changed).toEqual({
      sub: [false, false],
      aud: [false, true],
      scope: [false, true],
      act: [false, true],
      jti: [false, false],
      exp: [false, false],
    });
  });

  it('takes a claim named like a member of every object for absent where it is absent', () => {
    const [claim] = compareClaims([
      { service: 'a', header: {}, calls: [], claims: JSON.parse('{"__proto__":"x"}') as object as never },
      A,
    ]);
    expect(compareClaims([A, A]).some(({ name }) => name === '__proto__')).toBe(false);
    expect(claim?.values).toHaveLength(2);
  });
});

describe('the message page', () => {
  it.each(['client_id', 'azp'])('names who calls by %s', (claim) => {
    const hops = [{ service: 'user-service', header: {}, calls: [], claims: { [claim]: 'the-caller' } }];
    expect(pageOf({ message: 'hello', hops })).toContain(
      '<strong>Token A</strong> <code>the-caller</code> calls <code>user-service</code>',
    );
  });

  it('escapes the message and everything that services report', () => {
    const attack = '<script>alert("1")</script>&\'';
    const hops = [{ service: attack, header: {}, calls: [], claims: { [attack]: attack, act: { sub: attack } } }];
    const page = pageOf({ message: attack, hops }, attack);
    expect(page.replaceAll('<script type="module" src="/assets/player.js">', '')).not.toContain('<script');
    expect(page).toContain("&lt;script>alert(&quot;1&quot;)&lt;/script>&amp;'");
  });

  it('shows the tokens side by side, with the differences marked', () => {
    const page = pageOf({ message: 'Hello', hops: [A, B] });
    expect(page).toMatch(/Token A\s*<small>as user-service saw it/);
    expect(page).toMatch(/Token B\s*<small>as message-service saw it/);
    expect(page).toContain('<mark>message-service</mark>');
    expect(page).toContain('<mark>message.read</mark>');
    expect(page).not.toContain('<mark>user-service</mark>');
    expect(page).not.toContain('<mark>baeldung</mark>');
  });
});
