import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import type { Addresses, ClientWithSecret } from '../../experiment/addresses.js';
import type { Answer } from '../../experiment/answer.js';
import type { Experiment, ExperimentTrack, Lesson } from '../../experiment/experiment.js';
import type { LabToken } from '../../experiment/token-names.js';
import type { Card } from '../card.js';

/** The cross-app grant, as the authorization server's configuration names it. */
const EDGE = '/admin/edges/client-app-at-partner';
const ADMINISTRATOR = 'lab-administrator';
const SCOPE = 'order.read';
/** How often a replica of the authorization server may still be asked that has not heard of a change, and the pause between. Milliseconds. */
const [MOST_ASKED, PAUSE] = [12, 500];

/** An application reaches another company's service, because an administrator allows it. */
export const crossAppAccess: Card = {
  id: 'cross-app-access',
  section: 'faces',
  title: 'Cross App Access',
  when: 'An application calls another company’s service for the user who has signed in, and an administrator decides whether it may. The page of your orders does it by one member of a client’s definition; here is each step.',
  page: { path: '/orders', name: 'Your orders' },
  guide: 'docs/guides/across-domains.md',
  run: async (experiment) => {
    const { track, addresses } = experiment;
    let token: LabToken | undefined;
    await track('By an ID-JAG, in six steps', 'right', async (right) => {
      token = await sixSteps(right, experiment);
      return callOrders(right, addresses, token, 'Step 6: the call');
    });
    await track('By identity chaining, from a token that a service has received', 'compared', (way) =>
      chaining(way, experiment),
    );
    let administrator: LabToken | undefined;
    try {
      await track('The administrator says no', 'guarded', async (guarded) => {
        administrator = await signInAdministrator(guarded);
        return administrator ? refused(guarded, experiment, administrator, token) : NO_ADMINISTRATOR;
      });
    } finally {
      await track('And yes again', 'right', (right) => allowedAgain(right, experiment, administrator));
    }
  },
};

const NO_ADMINISTRATOR: Lesson = { lesson: 'The administrator got no token: see why in its answer.', failed: true };

async function sixSteps(way: ExperimentTrack, { idToken, addresses }: Experiment): Promise<LabToken | undefined> {
  const identity = await idToken();
  way.note({
    from: 'browser',
    to: 'client-app',
    what: 'Step 1: sign-on and ID token',
    note: 'at your sign-in',
    issued: identity.view.name,
  });
  const { token: grant } = await askForIdJag(way, addresses, identity, 'Step 2: the ID token to the identity provider');
  if (!grant) return undefined;
  const decided = { from: 'auth-server', to: 'client-app', what: 'Step 3: policy decides, an ID-JAG' };
  way.note({ ...decided, note: 'the decision is in step 2', presented: identity.view.name, issued: grant.view.name });
  const endpoint = await findPartner(way, addresses, 'client-app', 'Step 4: where its server is');
  if (endpoint === undefined) return undefined;
  const { client } = addresses.partner;
  const { token } = await redeem(
    way,
    endpoint,
    { client, from: 'client-app' },
    grant,
    'Step 4: the ID-JAG to its server',
  );
  if (!token) return undefined;
  const validated = { from: 'partner', to: 'auth-server', what: 'Step 5: the keys by discovery' };
  way.note({ ...validated, note: 'unless it knows them already', presented: grant.view.name, issued: token.view.name });
  return token;
}

async function chaining(way: ExperimentTrack, { userToken, addresses }: Experiment): Promise<Lesson> {
  const { issuer } = addresses.partner;
  const { token: grant } = await way.exchange('lab-1', userToken, {
    audience: issuer,
    scope: SCOPE,
    requestedTokenType: TokenType.Jwt,
    what: 'exchange the access token for a grant',
  });
  if (!grant) return { lesson: 'The grant was refused: see why in its answer.' };
  const endpoint = await findPartner(way, addresses, 'lab-1', 'where its server is');
  if (endpoint === undefined) return { lesson: 'The partner cannot be reached.', failed: true };
  const client = { id: 'onbehalf-lab-1', secret: addresses.tokenEndpoint.secret };
  const { token } = await redeem(way, endpoint, { client, from: 'lab-1' }, grant, 'the grant for an access token');
  const lesson = await callOrders(way, addresses, token, 'GET /orders', 'lab-1');
  return token
    ? { ...lesson, lesson: `No ID token is needed, and no administrator’s cross-app grant. ${lesson.lesson}` }
    : lesson;
}

async function refused(
  way: ExperimentTrack,
  { idToken, addresses }: Experiment,
  administrator: LabToken,
  issued: LabToken | undefined,
): Promise<Lesson> {
  await atAdmin(way, addresses, administrator, 'POST', '/disable');
  const began = performance.now();
  const live = issued ? await call(way, addresses, issued, 'with the token of before', 'client-app') : undefined;
  let answer: Answer | undefined;
  // each replica hears of it within five seconds
  for (let asked = 0; asked < MOST_ASKED && answer?.status !== 400; asked += 1) {
    if (asked > 0) await new Promise((resume) => setTimeout(resume, PAUSE));
    answer = await askForIdJag(way, addresses, await idToken(), 'the ID token for an ID-JAG');
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const lives =
    live?.status === 200 ? ' The access token that the partner issued before lives on, for 300 seconds at most.' : '';
  return { lesson: `Refused after ${seconds} s: ${answer?.refusal}.${lives}` };
}

async function allowedAgain(
  way: ExperimentTrack,
  { idToken, addresses }: Experiment,
  administrator: LabToken | undefined,
): Promise<Lesson> {
  if (!administrator) return NO_ADMINISTRATOR;
  const { etag } = await atAdmin(way, addresses, administrator, 'POST', '/enable');
  // nothing was changed but for a moment: the file is in force again
  await atAdmin(way, addresses, administrator, 'DELETE', '', etag === undefined ? {} : { 'If-Match': etag });
  let answer: Answer | undefined;
  for (let asked = 0; asked < MOST_ASKED && answer?.status !== 200; asked += 1) {
    if (asked > 0) await new Promise((resume) => setTimeout(resume, PAUSE));
    answer = await askForIdJag(way, addresses, await idToken(), 'the ID token for an ID-JAG');
  }
  return { lesson: answer?.token ? 'The next ID-JAG is issued again.' : (answer?.refusal ?? '') };
}

function askForIdJag(way: ExperimentTrack, addresses: Addresses, identity: LabToken, what: string): Promise<Answer> {
  const { issuer, orderServiceResource } = addresses.partner;
  const form: [string, string | LabToken][] = [
    ['grant_type', GrantType.TokenExchange],
    ['requested_token_type', TokenType.IdJag],
    ['subject_token', identity],
    ['subject_token_type', TokenType.IdToken],
    ['audience', issuer],
    ['resource', orderServiceResource],
    ['scope', SCOPE],
  ];
  return way.ask(addresses.clientApp, form, { what, about: identity });
}

/** The token endpoint of the partner's server, by its metadata, which must be that of this issuer. RFC 8414 §3.3 */
async function findPartner(
  way: ExperimentTrack,
  { partner }: Addresses,
  from: string,
  what: string,
): Promise<string | undefined> {
  const url = `${partner.issuer}/.well-known/oauth-authorization-server`;
  const answer = await way.call({ from, to: 'partner', url, what });
  return answer.text('issuer') === partner.issuer ? answer.text('token_endpoint') : undefined;
}

/** RFC 7523 §2.1 */
function redeem(
  way: ExperimentTrack,
  url: string,
  { client, from }: { readonly client: ClientWithSecret; readonly from: string },
  grant: LabToken,
  what: string,
): Promise<Answer> {
  const form = [
    ['grant_type', GrantType.JwtBearer],
    ['assertion', grant],
    ['scope', SCOPE],
  ] as const;
  return way.askAt({ name: 'partner', url, client }, from, form, { what, about: grant });
}

async function callOrders(
  way: ExperimentTrack,
  addresses: Addresses,
  token: LabToken | undefined,
  what: string,
  from = 'client-app',
): Promise<Lesson> {
  if (!token) return { lesson: 'There is no access token: see why in the answers.', failed: way.outcome === 'failed' };
  const answer = await call(way, addresses, token, what, from);
  if (answer.status !== 200) return { lesson: `order-service answered ${answer.status}.` };
  return {
    lesson: 'The partner knows the user by its own name, and each actor by the domain that it came from.',
    seen: [
      ['user there', answer.text('user')],
      ['asked by', answer.texts('askedBy').join(', for ')],
    ],
  };
}

function call(
  way: ExperimentTrack,
  { partner }: Addresses,
  token: LabToken,
  what: string,
  from: string,
): Promise<Answer> {
  return way.call({ from, to: 'order-service', url: `${partner.orderService}/orders`, token, what });
}

async function signInAdministrator(way: ExperimentTrack): Promise<LabToken | undefined> {
  return (await way.clientCredentials(ADMINISTRATOR, 'registrations.read registrations.write')).token;
}

function atAdmin(
  way: ExperimentTrack,
  { issuer }: Addresses,
  token: LabToken,
  method: string,
  action: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const url = `${issuer}${EDGE}${action}`;
  return way.call({ from: ADMINISTRATOR, to: 'auth-server', url, token, method, headers });
}
