import { describe, expect, it } from '@jest/globals';
import { formatChallenge } from './challenge.js';
import { parseChallenge } from './parse-challenge.js';

const read = (header: string | undefined): object | undefined => {
  const parameters = parseChallenge(header);
  return parameters && Object.fromEntries(parameters);
};

describe('RFC 9110 §11.6.1: the Bearer or DPoP challenge of a WWW-Authenticate header', () => {
  it.each<[string, string | undefined, object | undefined]>([
    ['no header', undefined, undefined],
    ['an empty one', '', undefined],
    ['another scheme', 'Basic realm="x", error="y"', undefined],
    ['a scheme that begins alike', 'BearerX error="y"', undefined],
    ['the bare scheme', 'Bearer', {}],
    ['a token', 'Bearer error=invalid_token', { error: 'invalid_token' }],
    ['a quoted string with escapes', 'Bearer realm="a \\"b\\" \\\\ c"', { realm: 'a "b" \\ c' }],
    ['scheme and names without regard to case', 'dPoP ERROR=x, Max_Age = 5', { error: 'x', max_age: '5' }],
    ['a comma inside of quotes', 'Bearer realm="a, DPoP b", error="x"', { realm: 'a, DPoP b', error: 'x' }],
    ['several challenges: the one with the error', 'Bearer realm="x", DPoP error="y"', { error: 'y' }],
    ['several offers: the first one', 'DPoP algs="ES256", Bearer realm="x"', { algs: 'ES256' }],
  ])('%s', (_case, header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it('reads what formatChallenge writes', () => {
    const parameters = { error: 'insufficient_user_authentication', acr_values: 'a b', max_age: 5 };
    expect(read(formatChallenge('Bearer', parameters))).toEqual({ ...parameters, max_age: '5' });
  });

  it('reads a hostile header in bounded time', () => {
    const began = process.cpuUsage();
    parseChallenge(`Bearer ${'a="\\'.repeat(100_000)}`);
    parseChallenge('Bearer '.repeat(100_000));
    parseChallenge('"\\'.repeat(100_000));
    parseChallenge(`${'"'.repeat(8191)}\\`);
    // of CPU: the machine may have much else to do
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  });
});
