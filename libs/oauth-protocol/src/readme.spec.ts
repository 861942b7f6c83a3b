import { expect, it } from '@jest/globals';
import { compareReadme } from '@onbehalf/testing-internal';
// #region words
import { parseActClaim, parseScope, TokenType } from '@onbehalf/oauth-protocol';

const scopes = parseScope('user.read user.write'); // ['user.read', 'user.write']
const actors = parseActClaim({ sub: 'message-service', act: { sub: 'user-service' } }); // the current actor first
const type = TokenType.AccessToken; // 'urn:ietf:params:oauth:token-type:access_token'
// #endregion

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('reads scopes and actors', () => {
  expect(scopes).toEqual(['user.read', 'user.write']);
  expect(actors.map(({ sub }) => sub)).toEqual(['message-service', 'user-service']);
  expect(type).toBe('urn:ietf:params:oauth:token-type:access_token');
});
