import { describe, expect, it, jest } from '@jest/globals';
import type * as Context from './access-token-context.js';
import type { VerifiedAccessToken } from './verify-access-token.js';

const token = (subject: string) => ({ subject }) as VerifiedAccessToken;

/** Another copy of the library in the same process, as when it is installed twice. */
async function copy(): Promise<typeof Context> {
  jest.resetModules();
  return import('./access-token-context.js');
}

describe('the context of the access token', () => {
  it('is one for all copies of the library', async () => {
    const [guard, client] = [await copy(), await copy()];
    expect(guard.currentAccessToken).not.toBe(client.currentAccessToken);
    const seen = await guard.withAccessToken(token('alice'), async () => {
      await Promise.resolve();
      return client.currentAccessToken()?.subject;
    });
    expect(seen).toBe('alice');
    expect(client.currentAccessToken()).toBeUndefined();
  });

  it('keeps the first token of a request, and that of a call within it apart', async () => {
    const { currentAccessToken, setAccessToken, withAccessToken, withRequestContext } = await copy();
    const subjects = withRequestContext(() => {
      const before = currentAccessToken()?.subject;
      setAccessToken(token('alice'));
      setAccessToken(token('bob'));
      const within = withAccessToken(token('bob'), () => currentAccessToken()?.subject);
      return [before, currentAccessToken()?.subject, within, withRequestContext(() => currentAccessToken())];
    });
    expect(subjects).toEqual([undefined, 'alice', 'bob', undefined]);
  });

  it('sets nothing outside of a request', async () => {
    const { currentAccessToken, hasRequestContext, setAccessToken } = await copy();
    setAccessToken(token('alice'));
    expect([currentAccessToken(), hasRequestContext()]).toEqual([undefined, false]);
  });
});
