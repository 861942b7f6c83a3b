import type { ExperimentTrack } from '../../experiment/experiment.js';
import type { LabToken } from '../../experiment/token-names.js';

/** Exchanges until the service of this level holds a token made for it; `undefined` when one was refused on the way. */
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
