import { describe, expect, it } from '@jest/globals';
import { parseBearerChallenge, type BearerChallenge } from './bearer-challenge.js';

const claims = '{"access_token":{}}';
const encoded = Buffer.from(claims).toString('base64');

describe('parseBearerChallenge', () => {
  it.each<[string, string | undefined, BearerChallenge]>([
    ['no header', undefined, {}],
    ['empty', '', {}],
    ['bare', 'Bearer', {}],
    ['another scheme', 'Basic realm="x", error="y"', {}],
    ['error alone', 'Bearer error="invalid_token"', { error: 'invalid_token' }],
    ['scheme without regard to case', 'bEARER error=invalid_token', { error: 'invalid_token' }],
    ['escapes', 'Bearer error="x", error_description="a \\"b\\" \\\\ c"', { error: 'x', description: 'a "b" \\ c' }],
    ['several challenges', 'DPoP algs="ES256", Bearer error="invalid_token"', { error: 'invalid_token' }],
    ['the one with the error', 'Bearer realm="x", DPoP error="use_dpop_nonce"', { error: 'use_dpop_nonce' }],
    ['a comma inside of quotes', 'Bearer realm="a, DPoP b", error="x"', { error: 'x' }],
    [
      'RFC 9470 in full',
      'Bearer error="insufficient_user_authentication", acr_values="a b", max_age="5", scope="read"',
      { error: 'insufficient_user_authentication', stepUp: { acrValues: 'a b', maxAge: 5, scope: 'read' } },
    ],
    [
      'RFC 9470 with a max_age that is none',
      'Bearer error="insufficient_user_authentication", max_age="soon"',
      { error: 'insufficient_user_authentication', stepUp: {} },
    ],
    [
      "Entra's claims challenge",
      `Bearer error="insufficient_claims", claims="${encoded}"`,
      { error: 'insufficient_claims', stepUp: { claims } },
    ],
    ['a step-up that is not asked for', 'Bearer error="invalid_token", acr_values="a"', { error: 'invalid_token' }],
  ])('%s', (_case, header, expected) => {
    expect(parseBearerChallenge(header)).toEqual(expected);
  });

  it('reads a hostile header in bounded time', () => {
    const began = process.cpuUsage();
    parseBearerChallenge(`Bearer ${'a="\\'.repeat(100_000)}`);
    parseBearerChallenge('Bearer '.repeat(100_000));
    // of CPU: the machine may have much else to do
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  });
});
