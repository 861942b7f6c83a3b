import type { Card } from '../card.js';
import { goDown } from '../steps/go-down.js';
import { readMessage } from '../steps/read-message.js';

const DEEPEST = 5;

/** Service after service, each acting for the user and for all before it. */
export const delegationChain: Card = {
  id: 'delegation-chain',
  section: 'faces',
  title: 'Delegation chain',
  when: 'A call that a user has begun goes on through several services. Each exchanges the token that it received, so that the last one sees the user and everybody in between.',
  guide: 'libs/token-exchange-client/README.md',
  fields: [
    {
      name: 'levels',
      label: 'Services in the chain',
      value: '3',
      options: [1, 2, 3, 4, DEEPEST].map((n) => ({ value: String(n), label: String(n) })),
    },
  ],
  run: async (experiment) => {
    const { userToken, fields, track } = experiment;
    const levels = Number(fields['levels']);
    await track(`${levels} in a row`, 'right', async (chain) => {
      const held = await goDown(chain, userToken, levels);
      if (!held) return { lesson: 'An exchange on the way was refused: see why in its answer.' };
      const last = `lab-${levels}`;
      const given = await chain.exchange(last, held, { audience: 'message-service', scope: 'message.read' });
      return readMessage(chain, experiment, last, given, {
        lesson: `message-service knows the user and all ${levels} that act.`,
      });
    });
  },
};
