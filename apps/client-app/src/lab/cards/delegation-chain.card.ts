import type { LabToken } from '../experiment/token-names.js';
import type { ExperimentTrack } from '../experiment/experiment.js';
import type { Card } from './card.js';

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
  async run({ userToken, addresses, fields, track }) {
    const levels = Number(fields['levels']);
    await track(`${levels} in a row`, 'right', async (chain) => {
      const held = await goDown(chain, userToken, levels);
      if (!held) return { lesson: 'An exchange on the way was refused: see why in its answer.' };
      const { token } = await chain.exchange(`lab-${levels}`, held, {
        audience: 'message-service',
        scope: 'message.read',
      });
      if (!token) return { lesson: 'The last exchange was refused: see why in its answer.' };
      const url = `${addresses.messageService}/message`;
      const { status, json } = await chain.call({ from: `lab-${levels}`, to: 'message-service', url, token });
      return {
        lesson:
          status === 200
            ? `message-service knows the user and all ${levels} that act.`
            : `message-service answered ${status}.`,
        seen: [['message-service says', String(json['message'] ?? status)]],
      };
    });
  },
};

/** Exchanges until the service of this level holds a token made for it. */
export async function goDown(
  chain: ExperimentTrack,
  userToken: LabToken,
  level: number,
): Promise<LabToken | undefined> {
  let held: LabToken | undefined = userToken;
  for (let n = 1; n < level && held; n += 1) {
    held = (await chain.exchange(`lab-${n}`, held, { audience: `lab-${n + 1}`, scope: 'lab.work' })).token;
  }
  return held;
}
