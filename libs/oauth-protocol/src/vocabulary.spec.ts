import { expect, it } from '@jest/globals';
import { GrantType, TokenType } from './index.js';

it('RFC 8693 §2.1, §3: the grant and the token types have the registered identifiers', () => {
  expect(GrantType.TokenExchange).toBe('urn:ietf:params:oauth:grant-type:token-exchange');
  expect(TokenType).toMatchObject({
    AccessToken: 'urn:ietf:params:oauth:token-type:access_token',
    RefreshToken: 'urn:ietf:params:oauth:token-type:refresh_token',
    IdToken: 'urn:ietf:params:oauth:token-type:id_token',
    Saml1: 'urn:ietf:params:oauth:token-type:saml1',
    Saml2: 'urn:ietf:params:oauth:token-type:saml2',
    Jwt: 'urn:ietf:params:oauth:token-type:jwt',
  });
});
