import { decodeJwt } from 'jose';
import type { Experiment, ExperimentTrack } from '../../experiment/experiment.js';
import type { OtherBrowser } from '../../experiment/other-browser.js';
import type { LabToken } from '../../experiment/token-names.js';
import type { Card } from '../card.js';
import { readMessage } from '../steps/read-message.js';

const MESSAGE = { audience: 'message-service', scope: 'message.read' } as const;
/** What the user opens in the other browser. */
const CLIENT = 'lab-browser';
const BROWSER = 'another browser';

/** A token of a session that its user has ended. */
export const loggedOut: Card = {
  id: 'logged-out',
  section: 'failures',
  title: 'A logged-out subject',
  when: 'You sign in in another browser, a service gets your token, and you sign out there. The token has minutes left, and is worth nothing any more; your session here goes on.',
  run: async (experiment) => {
    const { track } = experiment;
    let held: Held | undefined;
    await track('Exchange while signed in', 'right', async (right) => {
      held = await signIn(right, experiment);
      if (!held) return NOT_LET_IN;
      const given = await right.exchange('lab-1', held.token, MESSAGE);
      return readMessage(right, experiment, 'lab-1', given, { lesson: 'A sign-in like any other, and its token.' });
    });
    await track('Sign out, then exchange the same token', 'guarded', async (guarded) => {
      if (!held) return NOT_LET_IN;
      await signOut(guarded, experiment, held);
      return { lesson: (await guarded.exchange('lab-1', held.token, MESSAGE)).refusal };
    });
  },
};

const NOT_LET_IN = { lesson: 'The authorization server has not let the user in.', failed: true } as const;

interface Held {
  readonly browser: OtherBrowser;
  readonly token: LabToken;
  /** Of the session, as the client knows it. OpenID Connect Back-Channel Logout §2.1 */
  readonly sid: string;
}

async function signIn(
  way: ExperimentTrack,
  { user, names, addresses, otherBrowser }: Experiment,
): Promise<Held | undefined> {
  const browser = otherBrowser();
  const { authorizationEndpoint, labCallback: redirectUri } = addresses;
  const client = { authorizationEndpoint, clientId: CLIENT, redirectUri, scope: 'openid user.read' };
  const told = { from: BROWSER, to: 'auth-server', what: `sign in as ${user}` };
  const signedIn = await way.steps(told, () => browser.signIn(user, client));
  if (!signedIn) return undefined;
  const { code, verifier } = signedIn;
  names.hide(code, '$CODE');
  names.hide(verifier, '$VERIFIER');
  const form: [string, string][] = [
    ['grant_type', 'authorization_code'],
    ['code', code],
    ['redirect_uri', redirectUri],
    ['code_verifier', verifier],
  ];
  const answer = await way.ask(CLIENT, form, { what: 'redeem the code' });
  const idToken = answer.text('id_token');
  if (!answer.token || idToken === '') return undefined;
  const sid = String(decodeJwt(idToken)['sid']);
  names.hide(sid, '$SESSION_ID');
  return { browser, token: answer.token, sid };
}

/** As the client asks for it: it names the session. OpenID Connect RP-Initiated Logout §2 */
async function signOut(way: ExperimentTrack, { names, addresses }: Experiment, { browser, sid }: Held): Promise<void> {
  const { cookies } = browser;
  names.hide(cookies, '$COOKIES');
  const url = `${addresses.endSessionEndpoint}?${new URLSearchParams({ client_id: CLIENT, logout_hint: sid }).toString()}`;
  await way.call({ from: BROWSER, to: 'auth-server', url, headers: { Cookie: cookies }, what: 'sign out' });
}
