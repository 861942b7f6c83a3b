import type { Experiment, ExperimentTrack } from '../experiment/experiment.js';
import type { LabToken } from '../experiment/token-names.js';
import type { Card } from './card.js';

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
      return end(
        experiment,
        own,
        'lab-1',
        (await own.clientCredentials('lab-1', 'message.read', parameters)).token,
        'The service is all there is.',
      );
    });
    await track('Impersonation', 'compared', async (as) => {
      const given = { audience: 'message-service', scope: 'message.read', parameters: { reason: 'shown in the lab' } };
      return end(
        experiment,
        as,
        'lab-desk',
        (await as.exchange('lab-desk', userToken, given)).token,
        'The user is all there is; the trail alone knows who asked.',
      );
    });
    await track('Delegation', 'compared', async (forUser) => {
      const given = { audience: 'message-service', scope: 'message.read' };
      return end(
        experiment,
        forUser,
        'lab-1',
        (await forUser.exchange('lab-1', userToken, given)).token,
        'The user, and the service that acts.',
      );
    });
  },
};

async function end(
  { addresses }: Experiment,
  way: ExperimentTrack,
  from: string,
  token: LabToken | undefined,
  lesson: string,
): Promise<{ lesson: string; seen: readonly (readonly [string, string])[] }> {
  if (!token) return { lesson: 'The token was refused: see why in its answer.', seen: [] };
  const answer = await way.call({ from, to: 'message-service', url: `${addresses.messageService}/message`, token });
  const { sub, act } = token.view.claims;
  return {
    lesson: answer.status === 200 ? lesson : `message-service answered ${answer.status}.`,
    seen: [
      ['sub', String(sub)],
      ['act', act === undefined ? 'none' : JSON.stringify(act)],
      ['message-service says', answer.text('message')],
    ],
  };
}
