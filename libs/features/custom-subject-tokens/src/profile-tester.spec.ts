import { describe, expect, it } from '@jest/globals';
import { actor, denied, subject, unavailable, type Outcome } from './index.js';
import { createProfileTester } from './testing.js';
import { NONSENSE } from './scripted-profile.fixture.js';

describe('the tester of profiles', () => {
  it('gives a function the request of a client, and what the test says of it', async () => {
    const seen: unknown[] = [];
    const tester = createProfileTester((token, { signal, ...request }) => {
      seen.push([token, request, signal.aborted]);
      return denied('no');
    });
    await tester.verify('t', { clientId: 'legacy-service', at: 7, explained: true });
    const request = { clientId: 'legacy-service', audiences: [], resources: [], at: 7, explained: true };
    expect(seen).toEqual([['t', request, false]]);
  });

  it('tells the chain of actors as the token will', async () => {
    const said = subject({
      account: 'alice',
      expiresAt: 2e9,
      actor: actor({ sub: 'a', iss: 'https://a.example', act: actor({ sub: 'b' }) }),
    });
    expect(await createProfileTester(() => said).verify('t')).toEqual({
      outcome: 'subject',
      account: 'alice',
      expiresAt: 2e9,
      actors: [{ sub: 'a', iss: 'https://a.example' }, { sub: 'b' }],
    });
    expect(await createProfileTester(() => unavailable('away')).verify('t')).toMatchObject({ retryAfter: 5 });
  });

  it.each(Object.entries(NONSENSE))('fails for a profile that answers with %s, as the server does', async (_, said) => {
    const tester = createProfileTester((_token, { at }) => said(at) as Outcome);
    await expect(tester.verify('t')).rejects.toThrow(/^(the profile|.*of the subject)/);
  });

  it('fails for a profile that throws or is late, and says not what it has thrown, which may hold the token', async () => {
    const thrower = createProfileTester(() => {
      throw new RangeError('cannot read secret-token');
    });
    await expect(thrower.verify('secret-token')).rejects.toThrow(/^the profile has thrown RangeError$/);
    const forger = createProfileTester((token) => {
      throw new Error(`cannot read ${token}`);
    });
    const { frames } = await forger.verify('x\n    at secret (secret.js:1:1)').then(
      () => ({ frames: ['none'] }),
      (error: { frames: string[] }) => error,
    );
    expect(frames.length).toBeGreaterThan(0);
    expect(frames.join()).not.toContain('secret');
    let signal: AbortSignal | undefined;
    const late = createProfileTester(
      (_token, request) => {
        ({ signal } = request);
        return new Promise(() => undefined);
      },
      { timeout: 0.01 },
    );
    await expect(late.verify('t')).rejects.toThrow('the profile has not answered within 0.01 seconds');
    expect(signal?.aborted).toBe(true);
  });
});
