import { describe, expect, it } from '@jest/globals';
import { clientAssertionClaims, clientAssertionParameters } from './client-assertion.js';

describe('a client assertion (RFC 7523 §3)', () => {
  it('names the client twice and the issuer alone, and lives for a minute', () => {
    const claims = clientAssertionClaims('user-service', 'https://as.example', 1000);
    expect(claims).toEqual({
      iss: 'user-service',
      sub: 'user-service',
      aud: 'https://as.example',
      jti: expect.any(String),
      iat: 1000,
      exp: 1060,
    });
  });

  it('is another one each time', () => {
    const jtiOf = (): unknown => clientAssertionClaims('user-service', 'https://as.example', 1000).jti;
    expect(jtiOf()).not.toBe(jtiOf());
  });

  it('is sent with its type (RFC 7521 §4.2)', () => {
    expect(clientAssertionParameters('user-service', 'a.b.c').toString()).toBe(
      'client_id=user-service&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer' +
        '&client_assertion=a.b.c',
    );
  });
});
