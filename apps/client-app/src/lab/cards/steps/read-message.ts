import type { Pair } from '../../../run/run.js';
import type { Answer } from '../../experiment/answer.js';
import type { Experiment, ExperimentTrack, Lesson } from '../../experiment/experiment.js';
import type { LabToken } from '../../experiment/token-names.js';

/** What a card says of the call. */
interface Shows {
  /** Said when message-service has answered. */
  readonly lesson: string;
  /** What of the token is put beside the answer. Default nothing. */
  readonly seen?: (token: LabToken) => readonly Pair[];
}

/** Calls message-service as this client, with the token that it was given. */
export async function readMessage(
  way: ExperimentTrack,
  { addresses }: Pick<Experiment, 'addresses'>,
  from: string,
  { token, refusal }: Answer,
  { lesson, seen = () => [] }: Shows,
): Promise<Lesson> {
  if (!token) return { lesson: refusal };
  const url = `${addresses.messageService}/message`;
  const answer = await way.call({ from, to: 'message-service', url, token });
  return {
    lesson: answer.status === 200 ? lesson : `message-service answered ${answer.status}.`,
    seen: [...seen(token), ['message-service says', answer.text('message')]],
  };
}

/** The subject of the token. */
export const subjectOf = ({ view }: LabToken): readonly Pair[] => [['sub', String(view.claims['sub'])]];
