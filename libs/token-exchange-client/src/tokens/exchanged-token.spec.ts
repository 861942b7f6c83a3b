import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createTestIssuer } from '@onbehalf/testing';
import { ExchangedToken } from './exchanged-token.js';

const of = (token: string): ExchangedToken => new ExchangedToken({ token, tokenType: 'Bearer', expiresIn: 300 });

describe('ExchangedToken', () => {
  it('is not written by console.log, JSON.stringify or a spread', () => {
    const token = of('secret-token');
    expect(inspect(token, { depth: 5, showHidden: true })).not.toContain('secret-token');
    expect(JSON.stringify(token)).toBe('{"tokenType":"Bearer","expiresIn":300}');
    expect(Object.values({ ...token })).not.toContain('secret-token');
    expect(`${token.token}`).toBe('secret-token');
  });

  it('shows claims and the number of actors of a JWT', async () => {
    const issuer = await createTestIssuer();
    const none = of(await issuer.token({ sub: 'baeldung' }));
    const two = of(await issuer.token({ act: { sub: 'user-service', act: { sub: 'client-app' } } }));
    expect(none.claims()).toMatchObject({ sub: 'baeldung' });
    expect([none.actorDepth, two.actorDepth, two.actorDepth]).toEqual([0, 2, 2]);
  });

  it('knows nothing of an opaque token, and of a chain of actors that is malformed', async () => {
    const issuer = await createTestIssuer();
    expect([of('opaque').claims(), of('opaque').actorDepth]).toEqual([undefined, undefined]);
    expect(of(await issuer.token({ act: 'user-service' })).actorDepth).toBeUndefined();
  });
});
