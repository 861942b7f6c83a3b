import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { TokenRejection } from './token-rejection.js';
import { verifyAccessToken, type VerifiedAccessToken } from './verify-access-token.js';

/** Reproducible random numbers below `limit` (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

type Random = (limit: number) => number;
type Mutation = (token: string, random: Random) => string;

const CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ "\0\u00e9\u{1f511}';
const pick = <T>(values: readonly T[], random: Random): T => values[random(values.length)]!;
const cut = (text: string, at: number, length: number, inserted = '') =>
  text.slice(0, at) + inserted + text.slice(at + length);

const reencoded =
  (part: 0 | 1, change: (text: string, random: Random) => string): Mutation =>
  (token, random) => {
    const parts = token.split('.');
    const text = Buffer.from(parts[part]!, 'base64url').toString();
    parts[part] = Buffer.from(change(text, random)).toString('base64url');
    return parts.join('.');
  };

const JSON_VALUES = ['null', '[]', '{}', '-1', '1e999', '""', 'true', '"none"', '[[[[]]]]', '"\\u0000"', '{"a":'];
const replaceJsonValue = (text: string, random: Random) => {
  const values = [...text.matchAll(/:("[^"]*"|\d+)/g)];
  const { index, 0: found } = pick(values, random);
  return cut(text, index, found.length, `:${pick(JSON_VALUES, random)}`);
};

const MUTATIONS: Record<string, Mutation> = {
  'a character replaced': (token, random) => cut(token, random(token.length), 1, pick([...CHARACTERS], random)),
  'a character removed': (token, random) => cut(token, random(token.length), 1),
  'a character inserted': (token, random) => cut(token, random(token.length), 0, pick([...CHARACTERS], random)),
  'a piece removed': (token, random) => cut(token, random(token.length), 1 + random(token.length)),
  'a piece repeated': (token, random) => {
    const at = random(token.length);
    return cut(token, at, 0, token.slice(at, at + 1 + random(40)));
  },
  'a piece moved': (token, random) => {
    const [from, length] = [random(token.length), 1 + random(20)];
    return cut(cut(token, from, length), random(token.length - length), 0, token.slice(from, from + length));
  },
  'the parts in another order': (token, random) => {
    const parts = token.split('.');
    return [pick(parts, random), pick(parts, random), pick(parts, random)].join('.');
  },
  'a bit of the header changed': reencoded(0, (text, random) => {
    const bytes = Buffer.from(text);
    bytes[random(bytes.length)]! ^= 1 << random(8);
    return bytes.toString('latin1');
  }),
  'a value of the header replaced': reencoded(0, replaceJsonValue),
  'a value of the payload replaced': reencoded(1, replaceJsonValue),
};

/** Claims of any kind, for tokens that the issuer really signs. */
const CLAIMS = [
  'iss',
  'sub',
  'aud',
  'client_id',
  'iat',
  'nbf',
  'exp',
  'jti',
  'scope',
  'act',
  'cnf',
  '__proto__',
  'typ',
];
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  '',
  'service',
  'a b',
  'a"b',
  '\u0000',
  [],
  ['service'],
  [null],
  [['service']],
  {},
  { sub: 'a' },
  { sub: null },
  { sub: 'a', act: { sub: 'b', act: [] } },
  undefined,
];

describe('verifyAccessToken on mutated tokens', () => {
  let issuer: TestIssuer;
  let token: string;
  beforeAll(async () => {
    issuer = await createTestIssuer();
    token = await issuer.token({ scope: 'a b', act: { sub: 'one', act: { sub: 'two' } } });
  });

  const outcome = (mutated: string): Promise<unknown> =>
    verifyAccessToken(mutated, { issuers: [issuer], audiences: ['service'] }).catch((error: unknown) => error);

  it('refuses 98,000 mutated tokens, each with a typed rejection that does not hold the token', async () => {
    const random = randomNumbers(1);
    const mutations = Object.values(MUTATIONS);
    let refused = 0;
    while (refused < 98_000) {
      const batch = Array.from({ length: 200 }, () => pick(mutations, random)(token, random)).filter(
        (mutated) => mutated !== token,
      );
      const outcomes = await Promise.all(batch.map(outcome));
      outcomes.forEach((result, index) => {
        refused++;
        if (result instanceof TokenRejection && !result.message.includes(token.slice(0, 20))) return;
        throw new Error(`${batch[index]}\ncame to`, { cause: result });
      });
    }
  }, 30_000);

  it('refuses 2,000 signed tokens with wrong claims, or makes sense of them', async () => {
    const random = randomNumbers(2);
    const outcomes: unknown[] = [];
    while (outcomes.length < 2000) {
      const batch = Array.from({ length: 100 }, async () => {
        const claims = Object.fromEntries(
          Array.from({ length: 1 + random(3) }, () => [pick(CLAIMS, random), pick(VALUES, random)]),
        );
        return outcome(await issuer.token(claims));
      });
      outcomes.push(...(await Promise.all(batch)));
    }
    const verified = outcomes.filter((result) => !(result instanceof TokenRejection)) as VerifiedAccessToken[];
    expect(verified.length).toBeGreaterThan(50);
    for (const { subject, clientId, jwtId, audiences, scopes, actors, expiresAt } of verified) {
      expect([subject, clientId, jwtId].every((text) => typeof text === 'string' && text !== '')).toBe(true);
      expect(audiences).toContain('service');
      expect([...audiences, ...scopes, ...actors.map(({ sub }) => sub)].every((text) => typeof text === 'string')).toBe(
        true,
      );
      expect(Number.isFinite(expiresAt)).toBe(true);
    }
  }, 30_000);
});
