import type { Card } from './card.js';

/** The service's own credentials. */
export const clientCredentials: Card = {
  id: 'client-credentials',
  section: 'failures',
  title: 'The service’s own credentials',
  when: 'The service asks for a token of its own and calls with that. It works, and the user is gone: from the token, from the answer, from the trail.',
  run: async ({ userToken, addresses, track }) => {
    const url = `${addresses.messageService}/message`;
    await track('Client credentials', 'wrong', async (wrong) => {
      const { token } = await wrong.clientCredentials('lab-1', 'message.read', {
        resource: addresses.messageServiceResource,
      });
      if (!token) return { lesson: 'The token was refused: see why in its answer.' };
      const answer = await wrong.call({ from: 'lab-1', to: 'message-service', url, token });
      return {
        lesson:
          answer.status === 200
            ? 'message-service knows lab-1 and nobody else; whose message it is cannot be told.'
            : `It answered ${answer.status}.`,
        seen: [
          ['sub', String(token.view.claims['sub'])],
          ['message-service says', answer.text('message')],
        ],
      };
    });
    await track('Token exchange', 'right', async (right) => {
      const { token } = await right.exchange('lab-1', userToken, {
        audience: 'message-service',
        scope: 'message.read',
      });
      if (!token) return { lesson: 'The exchange was refused: see why in its answer.' };
      const answer = await right.call({ from: 'lab-1', to: 'message-service', url, token });
      return {
        lesson:
          answer.status === 200
            ? 'The user is the subject, lab-1 acts, and both stand in the trail.'
            : `It answered ${answer.status}.`,
        seen: [
          ['sub', String(token.view.claims['sub'])],
          ['message-service says', answer.text('message')],
        ],
      };
    });
  },
};
