import type { Experiment, ExperimentTrack, Lesson } from '../../experiment/experiment.js';
import type { DpopKey } from '../../experiment/dpop-key.js';
import type { LabToken } from '../../experiment/token-names.js';
import type { Card } from '../card.js';

/** A token that is worth nothing without its key. RFC 9449 */
export const boundKey: Card = {
  id: 'bound-key',
  section: 'faces',
  title: 'Key-bound tokens',
  when: 'Tokens leak: by logs, by proxies, by a service behind you. A token bound to a key (DPoP, RFC 9449) is worth nothing without a proof by that key.',
  guide: 'libs/resource-server/README.md',
  run: async (experiment) => {
    const { dpopKey, track } = experiment;
    const key = await dpopKey();
    await track('With a proof by its key', 'right', (right) => withItsKey(right, experiment, key));
    const { bound: token } = key;
    if (!token) return;
    const call = { ...profile(experiment), from: 'a thief', to: 'user-service', token } as const;
    await track('Stolen, without the key', 'guarded', async (guarded) => {
      const { status } = await guarded.call(call);
      return { lesson: `The token alone: ${status}.` };
    });
    await track('Stolen, with another key', 'guarded', async (guarded) => {
      const headers = { DPoP: await proofAt(experiment, await dpopKey(), token) };
      const { status } = await guarded.call({ ...call, scheme: 'DPoP', headers });
      return { lesson: `A proof by another key: ${status}.` };
    });
  },
};

const profile = ({ addresses }: Experiment) => ({ url: `${addresses.userService}/user/profile` });

/** RFC 9449 §4.3: the address as the service knows it. */
const proofAt = ({ addresses }: Experiment, key: DpopKey, token: LabToken): Promise<string> =>
  key.proof('GET', `${addresses.userServiceResource}/user/profile`, token);

async function withItsKey(right: ExperimentTrack, experiment: Experiment, key: DpopKey): Promise<Lesson> {
  const { userToken, addresses } = experiment;
  const given = await right.exchange('lab-1', userToken, { audience: 'lab-2', scope: 'lab.work' });
  if (!given.token) return { lesson: given.refusal };
  const proof = await key.proof('POST', addresses.tokenEndpoint.url);
  const { token, refusal } = await right.exchange('lab-2', given.token, {
    audience: 'user-service',
    scope: 'user.read',
    headers: { DPoP: proof },
  });
  if (!token) return { lesson: refusal };
  const headers = { DPoP: await proofAt(experiment, key, token) };
  const call = { ...profile(experiment), from: 'lab-2', to: 'user-service', token, scheme: 'DPoP', headers } as const;
  const { status } = await right.call(call);
  key.bound = token;
  return {
    lesson:
      status === 200 ? 'cnf names the key, and the proof shows that lab-2 has it.' : `user-service answered ${status}.`,
    seen: [['cnf', JSON.stringify(token.view.claims['cnf'])]],
  };
}
