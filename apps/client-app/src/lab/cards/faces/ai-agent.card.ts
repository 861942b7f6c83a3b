import type { Action } from '../../../run/run.js';
import type { Answer } from '../../experiment/answer.js';
import type { Experiment, ExperimentTrack, Lesson } from '../../experiment/experiment.js';
import type { LabToken } from '../../experiment/token-names.js';
import type { Card } from '../card.js';

const AT_USER_SERVICE = { audience: 'user-service', scope: 'user.read' } as const;
const NO_TOKEN: Lesson = { lesson: 'A token on the way was refused: see why in its answer.' };

/** An assistant acts for the user, as far as the user allows it. */
export const aiAgent: Card = {
  id: 'ai-agent',
  section: 'faces',
  title: 'An AI agent acts for you',
  when: 'An assistant looks things up for its user, in services that must know that it was no person. It proves itself by a token of its own beside the user’s, and does what the user has allowed it, until the user or an operator says stop.',
  guide: 'docs/guides/ai-agents.md',
  run: async (experiment) => {
    const { track } = experiment;
    await track('The assistant is asked: what is new?', 'right', (way) =>
      askAssistant(way, experiment, 'what is new?'),
    );
    await track('It is asked for what you ordered at another company', 'right', (way) =>
      askAssistant(way, experiment, 'any orders?'),
    );
    await track('Its secret has leaked, and no user is there', 'guarded', (way) => secretAlone(way, experiment));
    await track('A token of the user, and no proof of the agent', 'guarded', (way) => subjectAlone(way, experiment));
    await track('An operator stops it', 'guarded', (way) => stopped(way, experiment));
    await track('An operator lets it in again', 'right', (way) => resumed(way, experiment));
  },
};

async function askAssistant(
  way: ExperimentTrack,
  { userToken, addresses }: Experiment,
  question: string,
): Promise<Lesson> {
  const asked = { audience: 'assistant', scope: 'assistant.ask' };
  const { token } = await way.exchange('lab-1', userToken, asked);
  if (!token) return NO_TOKEN;
  const answer = await way.call({
    from: 'lab-1',
    to: 'agent',
    url: `${addresses.agent}/ask`,
    method: 'POST',
    form: [['question', question]],
    token,
    what: question,
  });
  if (answer.status !== 200) return { lesson: `The assistant answered ${answer.status}.` };
  const [step] = JSON.parse(answer.text('steps') || '[]') as readonly AnsweredStep[];
  return step?.outcome === 'needs-you' ? toldNo(answer, step) : found(answer, step);
}

/** As far as this page reads it. */
interface AnsweredStep {
  readonly outcome: string;
  readonly interaction_uri?: string;
  readonly hops?: readonly { readonly service: string; readonly claims: { readonly act?: Acting } }[];
}

interface Acting {
  readonly sub: string;
  readonly sub_profile?: string;
  readonly act?: Acting;
}

function toldNo(answer: Answer, { interaction_uri: href = '' }: AnsweredStep): Lesson {
  const action: Action = { label: 'Let the assistant act, for a time', href };
  return {
    lesson:
      'The assistant was told no, for you have not allowed it yet. It says what it needs. Allow it below, and run this again.',
    seen: [['the assistant says', answer.texts('answer').join(' ')]],
    ...(/^https?:/.test(href) && { action }),
  };
}

function found(answer: Answer, step: AnsweredStep | undefined): Lesson {
  const seen = (step?.hops ?? []).map(({ service, claims }) => [`${service} sees`, chainOf(claims.act)] as const);
  return {
    lesson:
      'Each service on the way sees you, and everybody who acts for you: the agent is among them, and marked as one, however far it goes.',
    seen: [['the assistant says', answer.texts('answer').join(' ')], ...seen],
  };
}

function chainOf(act: Acting | undefined): string {
  const actors: string[] = [];
  for (let each = act; each; each = each.act) {
    actors.push(each.sub_profile === undefined ? each.sub : `${each.sub} (${each.sub_profile})`);
  }
  return actors.length === 0 ? 'nobody acting' : actors.join(' for ');
}

/** By which an agent proves itself: all that its secret gives. */
async function ownToken(way: ExperimentTrack): Promise<LabToken | undefined> {
  return (await way.clientCredentials('lab-agent', 'act')).token;
}

async function secretAlone(way: ExperimentTrack, { addresses }: Experiment): Promise<Lesson> {
  const own = await ownToken(way);
  if (!own) return NO_TOKEN;
  await way.clientCredentials('lab-agent', 'user.read', { resource: addresses.userServiceResource });
  const answer = await way.exchange('lab-agent', own, { ...AT_USER_SERVICE, actorToken: own });
  return {
    lesson: `The secret proves the agent, and opens nothing: no service takes its token, and it is the token of no user. ${answer.refusal}`,
  };
}

async function subjectAlone(way: ExperimentTrack, experiment: Experiment): Promise<Lesson> {
  const subject = await subjectFor(way, experiment);
  if (!subject) return NO_TOKEN;
  const answer = await way.exchange('lab-agent', subject, AT_USER_SERVICE);
  return { lesson: `Without the agent’s own token it would look as if you had asked yourself. ${answer.refusal}` };
}

async function subjectFor(way: ExperimentTrack, { userToken }: Experiment): Promise<LabToken | undefined> {
  const asked = { audience: 'lab-agent', scope: 'assistant.ask' };
  return (await way.exchange('lab-1', userToken, asked)).token;
}

async function stopped(way: ExperimentTrack, experiment: Experiment): Promise<Lesson> {
  const [own, subject] = [await ownToken(way), await subjectFor(way, experiment)];
  if (!own || !subject || (await operate(way, experiment, 'stop')) !== 204) return NO_TOKEN;
  const answer = await way.exchange('lab-agent', subject, { ...AT_USER_SERVICE, actorToken: own });
  return {
    lesson: `It is not let in, and everything that it held has ended, also what others made of it. ${answer.refusal}`,
  };
}

async function resumed(way: ExperimentTrack, experiment: Experiment): Promise<Lesson> {
  const status = await operate(way, experiment, 'resume');
  return {
    lesson:
      status === 204
        ? 'It begins anew: what you had allowed it before, it has to ask you for.'
        : `It answered ${status}.`,
  };
}

async function operate(way: ExperimentTrack, { addresses }: Experiment, what: 'stop' | 'resume'): Promise<number> {
  const { token } = await way.clientCredentials('lab-operator', 'agents.stop');
  if (!token) return 0;
  const url = `${addresses.issuer}/admin/agents/lab-agent/${what}`;
  return (await way.call({ from: 'lab-operator', to: 'auth-server', url, method: 'POST', token, what })).status;
}
