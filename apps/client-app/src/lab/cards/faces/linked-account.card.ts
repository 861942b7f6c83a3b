import { TokenType } from '@onbehalf/oauth-protocol';
import type { Experiment, ExperimentTrack, Lesson } from '../../experiment/experiment.js';
import type { Card } from '../card.js';

const CALENDAR = {
  audience: 'calendar',
  scope: 'calendar.read',
  requestedTokenType: TokenType.ConnectedAccount,
} as const;

/** A service reads the calendar that its user has at another company. */
export const linkedAccount: Card = {
  id: 'linked-account',
  section: 'faces',
  title: 'A linked account elsewhere',
  when: 'A service needs what its user has at another company, such as a calendar. The user connects the account once; the service is handed that company’s own token for the user, and keeps none itself.',
  guide: 'docs/guides/linked-accounts.md',
  run: async (experiment) => {
    const { track } = experiment;
    await track('The calendar of the user', 'right', (way) => readCalendar(way, experiment));
    await track('A client without an edge', 'guarded', (way) => withoutEdge(way, experiment));
    await track('A token of ours for the calendar', 'guarded', (way) => ownToken(way, experiment));
  },
};

async function readCalendar(way: ExperimentTrack, { userToken, addresses }: Experiment): Promise<Lesson> {
  const answer = await way.exchange('lab-1', userToken, CALENDAR);
  const href = answer.text('interaction_uri');
  if (answer.text('error') === 'interaction_required') {
    const action = { label: 'Connect the calendar', href };
    return {
      lesson:
        'You have linked no calendar yet, and the answer says where you can. Connect it below (at the provider you are bael / password), and run this again.',
      ...(/^https?:/.test(href) && { action }),
    };
  }
  const { token } = answer;
  if (!token) return { lesson: 'The exchange was refused: see why in its answer.' };
  const calendar = await way.call({
    from: 'lab-1',
    to: 'calendar-service',
    url: `${addresses.calendarService}/events`,
    token,
  });
  if (calendar.status !== 200) return { lesson: `calendar-service answered ${calendar.status}.` };
  return {
    lesson:
      'The provider answers to its own token, and cannot tell who acts for the user: the answer of the exchange says it in act, and so does the record below.',
    seen: [['calendar-service knows the user as', calendar.text('user')]],
  };
}

async function withoutEdge(way: ExperimentTrack, { userToken }: Experiment): Promise<Lesson> {
  return { lesson: (await way.exchange('lab-desk', userToken, CALENDAR)).refusal };
}

async function ownToken(way: ExperimentTrack, { userToken }: Experiment): Promise<Lesson> {
  const asked = { ...CALENDAR, requestedTokenType: TokenType.AccessToken };
  return { lesson: (await way.exchange('lab-1', userToken, asked)).refusal };
}
