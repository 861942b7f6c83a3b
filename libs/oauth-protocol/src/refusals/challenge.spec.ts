import { describe, expect, it } from '@jest/globals';
import { formatChallenge } from './challenge.js';

describe('RFC 6750 §3: WWW-Authenticate', () => {
  it('is the bare scheme without parameters', () => {
    expect(formatChallenge('Bearer')).toBe('Bearer');
    expect(formatChallenge('DPoP', { error: undefined })).toBe('DPoP');
  });

  it('quotes strings, leaves numbers bare and keeps the order', () => {
    const parameters = { error: 'insufficient_user_authentication', max_age: 60, acr_values: 'gold' };
    expect(formatChallenge('Bearer', parameters)).toBe(
      'Bearer error="insufficient_user_authentication", max_age=60, acr_values="gold"',
    );
  });

  it.each(['a"b', 'a\\b', 'a\nb', 'aéb', 'a\u0000b'])('writes no character that a value may not hold: %j', (value) => {
    expect(formatChallenge('Bearer', { error_description: value })).toBe('Bearer error_description="a?b"');
  });
});
