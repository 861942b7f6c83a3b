import type { Card } from '../card.js';
import { readMessage } from '../steps/read-message.js';

/** The browser's token, sent on as it is. */
export const sameToken: Card = {
  id: 'same-token',
  section: 'failures',
  title: 'The same token everywhere',
  when: 'A service passes on the token that it received. message-service must refuse it: the token was made for somebody else.',
  run: async (experiment) => {
    const { userToken, addresses, track } = experiment;
    const url = `${addresses.messageService}/message`;
    await track('Pass the token on', 'wrong', async (wrong) => {
      const { status } = await wrong.call({ from: 'client-app', to: 'message-service', url, token: userToken });
      return {
        lesson:
          status === 401
            ? 'message-service expects itself in aud and finds user-service. If this passed, nobody could tell which service asks, and whoever steals one token opens every service.'
            : `message-service answered ${status}, where 401 was expected.`,
      };
    });
    await track('Exchange it first', 'right', async (right) => {
      const given = await right.exchange('lab-1', userToken, { audience: 'message-service', scope: 'message.read' });
      return readMessage(right, experiment, 'lab-1', given, {
        lesson: 'The same user, a token made for this call, and the service that acts stands in it.',
      });
    });
  },
};
