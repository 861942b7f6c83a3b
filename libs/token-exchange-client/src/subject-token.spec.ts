import { describe, expect, it } from '@jest/globals';
import { withAccessToken, type VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { currentSubjectToken, onBehalfOf } from './subject-token.js';

const guarded = (token: string): VerifiedAccessToken => ({
  token,
  issuer: 'https://issuer.example',
  subject: 'baeldung',
  clientId: 'client-app',
  jwtId: 'id',
  audiences: ['user-service'],
  scopes: [],
  actors: [],
  expiresAt: 1_800_000_000,
  claims: {},
});

describe('the subject token of the current call', () => {
  it('is what the guard has verified, its end included', () => {
    const token = guarded('A');
    expect(withAccessToken(token, currentSubjectToken)).toBe(token);
    expect(currentSubjectToken()).toBeUndefined();
  });

  it('is what onBehalfOf was given, through every await', async () => {
    const seen = await onBehalfOf({ token: 'B', type: 'urn:example:type', tenant: 'acme' }, async () => {
      await new Promise(setImmediate);
      return currentSubjectToken();
    });
    expect(seen).toEqual({ token: 'B', type: 'urn:example:type', tenant: 'acme' });
  });

  it('onBehalfOf inside of a guarded request wins, and the guard inside of onBehalfOf does', () => {
    const seen = withAccessToken(guarded('A'), () => [
      currentSubjectToken()?.token,
      onBehalfOf('B', () => [
        currentSubjectToken()?.token,
        withAccessToken(guarded('C'), () => [
          currentSubjectToken()?.token,
          onBehalfOf('D', () => currentSubjectToken()?.token),
        ]),
      ]),
      currentSubjectToken()?.token,
    ]);
    expect(seen).toEqual(['A', ['B', ['C', 'D']], 'A']);
  });

  it('concurrent calls do not see each other', async () => {
    const tokens = Array.from({ length: 100 }, (_, index) => `token-${index}`);
    const seen = await Promise.all(
      tokens.map((token) =>
        onBehalfOf(token, async () => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
          return currentSubjectToken()?.token;
        }),
      ),
    );
    expect(seen).toEqual(tokens);
  });
});
