import { afterAll, expect, it } from '@jest/globals';
import { createTestIssuer } from '@onbehalf/testing';
import { compareReadme } from '@onbehalf/testing-internal';
// #region verify
import { RemoteIssuerKeys, verifyAccessToken } from '@onbehalf/jwt-verification';

const verify = async (token: string, issuer: string) => {
  const issuers = [{ issuer, keys: new RemoteIssuerKeys({ issuer }), algorithms: ['ES256'] as const }];
  const { subject, actors, scopes } = await verifyAccessToken(token, { issuers, audiences: ['message-service'] });
  return { subject, actors, scopes };
};
// #endregion

const server = await createTestIssuer({ http: true, audience: 'message-service' });
afterAll(() => server.close());

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('verifies a token with the keys that its issuer publishes', async () => {
  const token = await server.token({ sub: 'baeldung', scope: 'message.read' });
  expect(await verify(token, server.issuer)).toEqual({ subject: 'baeldung', actors: [], scopes: ['message.read'] });
  await expect(verify(await server.token({ aud: 'user-service' }), server.issuer)).rejects.toThrow('audience');
});
