import { describe, expect, it } from '@jest/globals';
import { createTestIssuer } from '@onbehalf/testing';
import { verifyAccessToken } from './verify-access-token.js';

describe('verifyAccessToken', () => {
  it('refuses a token of another audience and names both', async () => {
    const issuer = await createTestIssuer();
    const token = await issuer.token({ aud: 'user-service' });
    await expect(verifyAccessToken(token, { issuers: [issuer], audiences: ['message-service'] })).rejects.toMatchObject(
      {
        code: 'audience',
        message: "Invalid audience claim. Expected 'message-service', got 'user-service'",
      },
    );
  });
});
