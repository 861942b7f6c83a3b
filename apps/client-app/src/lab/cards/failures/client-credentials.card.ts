import type { Card } from '../card.js';
import { readMessage, subjectOf } from '../steps/read-message.js';

/** The service's own credentials. */
export const clientCredentials: Card = {
  id: 'client-credentials',
  section: 'failures',
  title: 'The service’s own credentials',
  when: 'The service asks for a token of its own and calls with that. It works, and the user is gone: from the token, from the answer, from the trail.',
  run: async (experiment) => {
    const { userToken, addresses, track } = experiment;
    await track('Client credentials', 'wrong', async (wrong) => {
      const given = await wrong.clientCredentials('lab-1', 'message.read', {
        resource: addresses.messageServiceResource,
      });
      return readMessage(wrong, experiment, 'lab-1', given, {
        lesson: 'message-service knows lab-1 and nobody else; whose message it is cannot be told.',
        seen: subjectOf,
      });
    });
    await track('Token exchange', 'right', async (right) => {
      const given = await right.exchange('lab-1', userToken, { audience: 'message-service', scope: 'message.read' });
      return readMessage(right, experiment, 'lab-1', given, {
        lesson: 'The user is the subject, lab-1 acts, and both stand in the trail.',
        seen: subjectOf,
      });
    });
  },
};
