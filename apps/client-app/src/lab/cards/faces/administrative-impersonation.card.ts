import { TokenType } from '@onbehalf/oauth-protocol';
import type { Answer } from '../../experiment/answer.js';
import type { Experiment, ExperimentTrack, Lesson } from '../../experiment/experiment.js';
import type { LabToken } from '../../experiment/token-names.js';
import type { Card } from '../card.js';

/** The support tool of the demo, and its engineer. */
const [TOOL, ENGINEER] = ['lab-support', 'support'];

/** Support sees what a customer sees, beside the way that leaves no trail. */
export const administrativeImpersonation: Card = {
  id: 'administrative-impersonation',
  section: 'faces',
  title: 'Support uses an account',
  when: 'A support engineer must see what a customer sees. It takes a fresh sign-in and a reason; the token says who acts, the customer sees it and may stop it. The page /support is the same with a browser.',
  guide: 'docs/guides/administrative-impersonation.md',
  page: { path: '/support', name: 'Use an account' },
  fields: [{ name: 'reason', label: 'Reason', value: 'the balance is wrong', maxLength: 120 }],
  run: async (experiment) => {
    const { track } = experiment;
    await track('A fresh sign-in, a reason, and a record', 'right', (right) => useTheAccount(right, experiment));
    await track('Named, and no engineer proves to be here', 'guarded', async (guarded) => {
      const answer = await impersonate(guarded, experiment);
      return { lesson: answer.refusal };
    });
    await track('Impersonation without a record', 'wrong', (wrong) => believeTheHeader(wrong, experiment));
  },
};

/** The exchange: the customer is named, and whoever asks is proven by a token of one's own. RFC 8693 §2.1 */
function impersonate(
  way: ExperimentTrack,
  { user, fields }: Pick<Experiment, 'user' | 'fields'>,
  engineer?: LabToken,
): Promise<Answer> {
  const form: [string, string | LabToken][] = [
    ['grant_type', 'urn:ietf:params:oauth:grant-type:token-exchange'],
    ['subject_token', user],
    ['subject_token_type', TokenType.UserId],
    ['audience', 'user-service'],
    ['reason', fields['reason'] ?? ''],
  ];
  if (engineer) form.push(['actor_token', engineer], ['actor_token_type', TokenType.AccessToken]);
  return way.ask(TOOL, form, { what: 'exchange for user-service', ...(engineer && { about: engineer }) });
}

async function useTheAccount(right: ExperimentTrack, experiment: Experiment): Promise<Lesson> {
  const { addresses } = experiment;
  const engineer = await signInAfresh(right, experiment);
  if (!engineer) return { lesson: 'The engineer could not sign in.', failed: true };
  const { token, refusal } = await impersonate(right, experiment, engineer);
  if (!token) return { lesson: refusal };
  const url = `${addresses.userService}/user/message`;
  const answer = await right.call({ from: TOOL, to: 'user-service', url, token });
  // an engineer uses one account at a time
  await right.revoke(TOOL, token);
  return {
    lesson:
      answer.status === 200
        ? 'The engineer saw what the customer sees. Who, why and when was on record before the token left, and stands under “Who acted for me”.'
        : `user-service answered ${answer.status}.`,
    seen: [
      ['user-service says', answer.text('message')],
      ['act', JSON.stringify(token.view.claims['act'])],
    ],
  };
}

/** The engineer's own access token, which is for the authorization server. */
async function signInAfresh(
  right: ExperimentTrack,
  { addresses, names, otherBrowser }: Experiment,
): Promise<LabToken | undefined> {
  const { authorizationEndpoint, supportCallback: redirectUri } = addresses;
  const client = { authorizationEndpoint, clientId: TOOL, redirectUri, scope: 'impersonate' };
  const told = { from: 'engineer', to: 'auth-server', what: `sign in as ${ENGINEER}` };
  const signedIn = await right.steps(told, () => otherBrowser().signIn(ENGINEER, client));
  if (!signedIn) return undefined;
  names.hide(signedIn.code, '$CODE');
  names.hide(signedIn.verifier, '$VERIFIER');
  const form: [string, string][] = [
    ['grant_type', 'authorization_code'],
    ['code', signedIn.code],
    ['redirect_uri', redirectUri],
    ['code_verifier', signedIn.verifier],
  ];
  return (await right.ask(TOOL, form, { what: 'redeem the code' })).token;
}

async function believeTheHeader(wrong: ExperimentTrack, { addresses, user, start }: Experiment): Promise<Lesson> {
  const settings = { JWKS_URI: addresses.internalJwksUri, ISSUER: addresses.issuer, AUDIENCE: 'message-service' };
  const believer = await start('believes-header', settings);
  if ('refused' in believer)
    return wrong.say({ from: 'client-app', to: 'believer', what: 'start it', failure: believer.refused });
  const { token } = await wrong.clientCredentials('lab-1', 'message.read', {
    resource: addresses.messageServiceResource,
  });
  const url = `${believer.url}/letters`;
  const answer = await wrong.call({ from: 'lab-1', to: 'believer', url, token, headers: { 'X-User-ID': user } });
  return {
    lesson:
      answer.status === 200
        ? 'It serves the account to whoever names it: no engineer, no reason, no end, and nothing on record.'
        : `It answered ${answer.status}.`,
    seen: [['believes', answer.text('believes')]],
  };
}
