import { describe, expect, it } from '@jest/globals';
import { RemoteIssuerKeys, verifyAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer } from './test-issuer.js';

describe('createTestIssuer', () => {
  it('makes tokens that verify with its keys', async () => {
    const issuer = await createTestIssuer({ audience: 'message-service' });
    const token = await issuer.token({ scope: 'message.read' });
    await expect(
      verifyAccessToken(token, { issuers: [issuer], audiences: ['message-service'] }),
    ).resolves.toMatchObject({ subject: 'user', clientId: 'client', scopes: ['message.read'] });
  });

  it('leaves out what is undefined', async () => {
    const issuer = await createTestIssuer();
    const token = await issuer.token({ sub: undefined });
    await expect(verifyAccessToken(token, { issuers: [issuer], audiences: ['service'] })).rejects.toMatchObject({
      message: 'The token\'s claim "sub" is missing or invalid',
    });
  });

  it('publishes metadata and keys over HTTP', async () => {
    const issuer = await createTestIssuer({ http: true });
    const keys = new RemoteIssuerKeys({ issuer: issuer.issuer });
    const expected = { issuers: [{ ...issuer, keys }], audiences: ['service'] };
    await expect(verifyAccessToken(await issuer.token(), expected)).resolves.toMatchObject({ issuer: issuer.issuer });
    await issuer.close();
    await expect(fetch(issuer.jwksUri)).rejects.toThrow();
  });
});
