import type { Card } from '../card.js';

/** Microsoft's own grant, beside the standard. */
export const onBehalfOf: Card = {
  id: 'on-behalf-of',
  section: 'failures',
  title: 'On-behalf-of, the vendor’s own',
  when: 'Microsoft’s on-behalf-of flow is a jwt-bearer grant with a parameter of its own. It does much the same as an exchange, at that vendor only, and the token does not say who acts.',
  run: async ({ userToken, track }) => {
    await track('jwt-bearer with requested_token_use', 'wrong', async (wrong) => {
      const answer = await wrong.ask(
        'lab-1',
        [
          ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
          ['assertion', userToken],
          ['requested_token_use', 'on_behalf_of'],
          ['scope', 'message.read'],
        ],
        { what: 'on_behalf_of', about: userToken },
      );
      return {
        lesson: `A server of the standard answers ${answer.status} ${answer.text('error')}: it knows no such use of that grant.`,
        seen: [
          ['grant_type', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
          ['the token', 'assertion'],
          ['the target', 'the prefix of scope'],
          ['who acts', 'not told (azp at most)'],
        ],
      };
    });
    await track('RFC 8693', 'right', async (right) => {
      const { token } = await right.exchange('lab-1', userToken, {
        audience: 'message-service',
        scope: 'message.read',
      });
      return {
        lesson: token
          ? 'The same question in the words of the RFC, which any server of it understands.'
          : 'The exchange was refused.',
        seen: [
          ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
          ['the token', 'subject_token, with its type'],
          ['the target', 'audience or resource'],
          ['who acts', 'act'],
        ],
      };
    });
  },
};
