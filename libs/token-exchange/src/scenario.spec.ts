import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { GrantType, systemClock, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer } from '@onbehalf/testing';
import { decodeJwt, SignJWT } from 'jose';
import {
  AccessTokenIssuer,
  authenticatedClient,
  formatTokenResponse,
  JwtVerifier,
  OwnAccessTokenVerifier,
  RegisteredPolicy,
  standardRules,
  TokenExchange,
  type ClientRegistration,
} from './index.js';

const userService: ClientRegistration = {
  clientId: 'user-service',
  enabled: true,
  confidential: true,
  represents: ['user-service'],
};
const messageService: ClientRegistration = {
  ...userService,
  clientId: 'message-service',
  represents: ['message-service'],
};

describe('the scenario: user-service calls message-service, which calls back', () => {
  it('keeps the subject, changes the audience and nests the actors', async () => {
    const server = await createTestIssuer({ issuer: 'http://localhost:9001' });
    const signer = {
      sign: (claims: object, header: { typ: string }) =>
        new SignJWT({ ...claims })
          .setProtectedHeader({ alg: 'ES256', kid: server.jwks.keys[0]?.kid, ...header })
          .sign(server.privateKey),
    };
    const exchange = new TokenExchange({
      issuer: server.issuer,
      policy: new RegisteredPolicy({
        clients: [userService, messageService],
        resources: [
          { audience: 'user-service', scopes: ['user.read'] },
          { audience: 'message-service', scopes: ['message.read'] },
        ],
        edges: [
          {
            client: 'user-service',
            subjectAudience: 'user-service',
            target: 'message-service',
            mode: 'delegation',
            scopes: { 'message.read': { requires: ['user.read'] } },
          },
          {
            client: 'message-service',
            subjectAudience: 'message-service',
            target: 'user-service',
            mode: 'delegation',
            scopes: { 'user.read': { requires: ['message.read'] } },
            allowCycle: true,
          },
        ],
      }),
      state: {
        isRevoked: () => Promise.resolve(false),
        account: () => Promise.resolve({ enabled: true, protected: false }),
      },
      verifiers: [new OwnAccessTokenVerifier(server), new JwtVerifier(server)],
      rules: standardRules,
      issuers: [new AccessTokenIssuer({ issuer: server.issuer, signer, randomId: randomUUID })],
      clock: systemClock,
    });
    const form = (subjectToken: string, audience: string, scope: string) =>
      new URLSearchParams({
        grant_type: GrantType.TokenExchange,
        subject_token: subjectToken,
        subject_token_type: TokenType.AccessToken,
        audience,
        scope,
      });
    const tokenA = await server.token({
      sub: 'baeldung',
      aud: 'user-service',
      scope: 'user.read',
      client_id: 'client-app',
    });
    const issuedB = await exchange.exchange(
      form(tokenA, 'message-service', 'message.read'),
      authenticatedClient(userService),
    );
    expect(formatTokenResponse(issuedB)).toMatchObject({
      issued_token_type: TokenType.AccessToken,
      token_type: 'Bearer',
      scope: 'message.read',
    });
    expect(decodeJwt(issuedB.token)).toMatchObject({
      iss: 'http://localhost:9001',
      sub: 'baeldung',
      aud: 'message-service',
      scope: 'message.read',
      client_id: 'user-service',
      act: { sub: 'user-service' },
    });
    const issuedC = await exchange.exchange(
      form(issuedB.token, 'user-service', 'user.read'),
      authenticatedClient(messageService),
    );
    expect(decodeJwt(issuedC.token)).toMatchObject({
      sub: 'baeldung',
      aud: 'user-service',
      act: { sub: 'message-service', act: { sub: 'user-service' } },
    });
  });
});
