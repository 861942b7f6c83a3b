import { TokenType } from '@onbehalf/oauth-protocol';
import type { Experiment, ExperimentTrack, Lesson } from '../../experiment/experiment.js';
import { signInTheOldWay, type LegacyLogin } from '../../experiment/legacy-sign-in.js';
import type { LabToken } from '../../experiment/token-names.js';
import type { Way } from '../../../run/run.js';
import type { Card } from '../card.js';
import { readMessage, subjectOf } from '../steps/read-message.js';

const MESSAGE = { audience: 'message-service', scope: 'message.read' } as const;
const SAML = { ...MESSAGE, subjectTokenType: TokenType.Saml2 } as const;
const SESSION = { ...MESSAGE, subjectTokenType: 'urn:example:token-type:legacy-session' } as const;
/** Plays the legacy service. */
const CLIENT = 'lab-legacy';

/** An assertion of a system from before OAuth. */
export const samlAssertion: Card = {
  id: 'saml-assertion',
  section: 'faces',
  title: 'SAML assertion',
  when: 'An old service signs its users in by SAML and is to call a modern one, as after a merger. It exchanges the assertion that was made for it, and both sides stay as they are.',
  guide: 'docs/guides/saml.md',
  run: async (experiment) => {
    const { names, track } = experiment;
    let used: LabToken | undefined;
    await atLegacy(experiment, 'right', 'Sign in the old way, exchange the assertion', async (right, login) => {
      used = names.name(login.assertion);
      await lookAt(right, experiment, login);
      return exchangeAndCall(right, experiment, used, SAML);
    });
    await track('The same assertion once more', 'guarded', async (guarded) => {
      if (!used) return { lesson: 'There is none.' };
      const answer = await guarded.exchange(CLIENT, used, SAML);
      return { lesson: answer.refusal };
    });
    await atLegacy(experiment, 'guarded', 'An assertion with another name in it', async (guarded, login) => {
      const xml = Buffer.from(login.assertion, 'base64url').toString();
      const forged = xml.replace(/(<saml:NameID[^>]*>)[^<]*/, '$1admin');
      const answer = await guarded.exchange(CLIENT, names.name(Buffer.from(forged).toString('base64url')), SAML);
      return { lesson: answer.refusal };
    });
    await atLegacy(experiment, 'guarded', 'By a service that it was not made for', async (guarded, login) => {
      const answer = await guarded.exchange('lab-1', names.name(login.assertion), SAML);
      return { lesson: answer.refusal };
    });
  },
};

/** A session id of a system from before OAuth. */
export const customToken: Card = {
  id: 'custom-token',
  section: 'faces',
  title: 'A token of your own',
  when: 'Your old system knows its users by session ids, badges or keys that are no tokens of any standard. A class of yours says whose one is; target, scopes and lifetime stay with the policy.',
  guide: 'docs/guides/custom-token-exchange.md',
  run: async (experiment) => {
    const { names, track } = experiment;
    await atLegacy(experiment, 'right', 'The session id becomes a token', async (right, login) => {
      await lookAt(right, experiment, login);
      return exchangeAndCall(right, experiment, names.name(login.session), SESSION);
    });
    await track('A session id that nobody has', 'guarded', async (guarded) => {
      const answer = await guarded.exchange(CLIENT, names.name('no-such-session'), SESSION);
      return { lesson: answer.refusal };
    });
    await track('By a client that is not named for it', 'guarded', async (guarded) => {
      const answer = await guarded.exchange('lab-1', names.name('no-such-session'), SESSION);
      return { lesson: answer.refusal };
    });
  },
};

async function atLegacy(
  { user, addresses, names, track }: Experiment,
  kind: Way,
  title: string,
  work: (track: ExperimentTrack, login: LegacyLogin) => Promise<Lesson>,
): Promise<void> {
  const { legacyService } = addresses;
  await track(title, kind, async (way) => {
    const missing = { from: 'browser', to: 'legacy', what: 'sign in the old way' };
    if (legacyService === undefined) {
      const failure = 'The legacy system is not running: npm start starts it.';
      return { ...way.say({ ...missing, failure }), failed: true };
    }
    const login = await signInTheOldWay(legacyService, user);
    if (!login) {
      const failure = 'The legacy system has not let the user in.';
      return { ...way.say({ ...missing, failure }), failed: true };
    }
    names.hide(login.session, '$LEGACY_SESSION');
    return work(way, login);
  });
}

/** What the legacy service has for the session: the user, and the assertion. */
async function lookAt(way: ExperimentTrack, { addresses, names }: Experiment, login: LegacyLogin): Promise<void> {
  names.name(login.assertion);
  await way.call({
    from: 'browser',
    to: 'legacy',
    url: `${addresses.legacyService}/service`,
    headers: { Cookie: `LEGACYSESSION=${login.session}` },
    what: 'what the legacy service knows',
  });
}

async function exchangeAndCall(
  way: ExperimentTrack,
  experiment: Experiment,
  subject: LabToken,
  given: typeof SAML | typeof SESSION,
): Promise<Lesson> {
  return readMessage(way, experiment, CLIENT, await way.exchange(CLIENT, subject, given), {
    lesson: 'The user is the one who signed in the old way, the legacy service acts, and auth_time is when it was.',
    seen: subjectOf,
  });
}
