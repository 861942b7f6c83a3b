import { describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { decodeJwt } from 'jose';
import { ExchangeLab } from './exchange.fixture.js';
import { formatTokenResponse } from './index.js';

describe('the scenario: user-service calls message-service, which calls back', () => {
  it('keeps the subject, changes the audience and nests the actors', async () => {
    const lab = await ExchangeLab.open();
    const tokenB = await lab.ask();
    expect(formatTokenResponse(tokenB)).toEqual({
      access_token: tokenB.token,
      issued_token_type: TokenType.AccessToken,
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      scope: 'message.read',
    });
    expect(decodeJwt(tokenB.token)).toMatchObject({
      iss: 'http://localhost:9001',
      sub: 'baeldung',
      aud: 'message-service',
      scope: 'message.read',
      client_id: 'user-service',
      act: { sub: 'user-service' },
    });
    const back = { subject_token: tokenB.token, audience: 'user-service', scope: 'user.read' };
    expect(await lab.claims(back, 'message-service')).toMatchObject({
      sub: 'baeldung',
      aud: 'user-service',
      act: { sub: 'message-service', act: { sub: 'user-service' } },
    });
  });

  it('keeps the subject of a client credentials token: the client', async () => {
    const lab = await ExchangeLab.open();
    const subjectToken = await lab.token({ sub: 'user-service', client_id: 'user-service' });
    expect(await lab.claims({ subject_token: subjectToken })).toMatchObject({
      sub: 'user-service',
      aud: 'message-service',
    });
  });

  it('is met as the Spring article wires it: a JWT, no audience, a default target', async () => {
    const lab = await ExchangeLab.open();
    const request = {
      audience: undefined,
      subject_token_type: TokenType.Jwt,
      requested_token_type: TokenType.AccessToken,
    };
    expect(await lab.claims(request, 'default-service')).toMatchObject({ sub: 'baeldung', aud: 'message-service' });
  });
});
