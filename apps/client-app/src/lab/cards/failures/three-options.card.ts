import type { Pair } from '../../../run/run.js';
import type { LabToken } from '../../experiment/token-names.js';
import type { Card } from '../card.js';
import { readMessage } from '../steps/read-message.js';

const MESSAGE = { audience: 'message-service', scope: 'message.read' } as const;

/** The three ways in which a service can call the next one. */
export const threeOptions: Card = {
  id: 'three-options',
  section: 'failures',
  title: 'The three options of a chain, side by side',
  when: 'A service can call the next one as itself, as the user, or for the user. The last service sees something else in each.',
  button: 'Run all three',
  run: async (experiment) => {
    const { userToken, addresses, track } = experiment;
    await track('Own credentials', 'compared', async (own) => {
      const parameters = { resource: addresses.messageServiceResource };
      const given = await own.clientCredentials('lab-1', 'message.read', parameters);
      const lesson = 'The service is all there is.';
      return readMessage(own, experiment, 'lab-1', given, { lesson, seen: inToken });
    });
    await track('Impersonation', 'compared', async (as) => {
      const given = await as.exchange('lab-desk', userToken, {
        ...MESSAGE,
        parameters: { reason: 'shown in the lab' },
      });
      const lesson = 'The user is all there is; the trail alone knows who asked.';
      return readMessage(as, experiment, 'lab-desk', given, { lesson, seen: inToken });
    });
    await track('Delegation', 'compared', async (forUser) => {
      const given = await forUser.exchange('lab-1', userToken, MESSAGE);
      const lesson = 'The user, and the service that acts.';
      return readMessage(forUser, experiment, 'lab-1', given, { lesson, seen: inToken });
    });
  },
};

/** Who stands in the token. */
function inToken({ view: { claims } }: LabToken): readonly Pair[] {
  const { sub, act } = claims;
  return [
    ['sub', String(sub)],
    ['act', act === undefined ? 'none' : JSON.stringify(act)],
  ];
}
