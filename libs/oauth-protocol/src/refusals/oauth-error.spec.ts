import { describe, expect, it } from '@jest/globals';
import { OAuthError } from './oauth-error.js';

describe('RFC 6749 §5.2: error', () => {
  it.each([
    ['invalid_request', 400],
    ['invalid_target', 400],
    ['use_dpop_nonce', 400],
    ['invalid_client', 401],
    ['server_error', 500],
    ['temporarily_unavailable', 503],
  ] as const)('%s has status %d', (code, status) => {
    expect(new OAuthError(code, 'no').status).toBe(status);
  });

  it('has another status where it is told so: RFC 6585 §4', () => {
    expect(new OAuthError('temporarily_unavailable', 'Too many', { status: 429 }).status).toBe(429);
  });

  it('keeps the reason and the cause apart from what is sent', () => {
    const cause = new Error('disk full');
    const error = new OAuthError('server_error', 'Try again', {
      reason: 'no space',
      cause,
      parameters: { max_age: 1 },
    });
    expect(error).toMatchObject({ description: 'Try again', reason: 'no space', parameters: { max_age: 1 }, cause });
    expect(error.message).toBe('server_error: Try again');
  });

  it('has the description as its reason, no parameters and no cause, when nothing else is said', () => {
    const error = new OAuthError('invalid_scope', 'Too much');
    expect(error).toMatchObject({ reason: 'Too much', parameters: {} });
    expect(error).not.toHaveProperty('cause');
  });
});
