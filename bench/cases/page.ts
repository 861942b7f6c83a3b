import { freePort } from '../../tools/system.ts';
import { logIn } from '../login.ts';
import { drive, measureInTurns, requestsOf, warmupOf } from '../measure.ts';
import { comparedRow, row } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import { pageVariant } from '../requests.ts';
import type { Scale } from '../scale.ts';
import { CLIENT_SECRET, PASSWORD } from '../server-config.ts';
import type { Case } from './case.ts';

const PATH = '/api/user/message';
/** Users whose tokens are exchanged already. */
const WARM = 16;
const WARM_WEIGHT = 1 / 4;
/** Each needs a login of its own. */
const COLD = { weight: 1 / 16, warmup: 1 / 40 } as const;
/** Logins at a time. */
const LOGINS = 8;

/** Where a chain of apps begins, and all the processes that it keeps busy. */
interface Chain {
  readonly url: string;
  readonly pids: readonly number[];
}

/** The demo from the page on: client-app asks user-service, that asks message-service, which asks user-service. */
export const page: Case = {
  name: 'page',
  run: async (stage, scale) => {
    const bare = await startDirect(stage);
    const demo = await startDemo(stage);
    const sessions = await logInMany(demo.url, WARM + coldRequests(scale));
    let fresh = WARM;
    const variants = [
      {
        ...pageVariant('direct, no session, no tokens', bare.pids, bare.url + PATH),
        weight: WARM_WEIGHT,
      },
      {
        ...pageVariant('warm', demo.pids, demo.url + PATH, (index) => sessions[index % WARM]!),
        weight: WARM_WEIGHT,
      },
      {
        ...pageVariant('cold, the first page after a login', demo.pids, demo.url + PATH, () => sessions[fresh++]!),
        ...COLD,
      },
    ];
    const [direct, warm, cold] = await measureInTurns(variants, scale);
    return {
      title: 'page → user-service → message-service → user-service',
      note: 'CPU of all processes. The direct chain serves pages of the same size by the same calls in the same host.',
      rows: [row(direct!), comparedRow(warm!, direct!, 1.5), comparedRow(cold!, direct!)],
    };
  },
};

async function startDirect(stage: Stage): Promise<Chain> {
  const [client, user, message] = [
    await stage.serve('direct'),
    await stage.serve('direct'),
    await stage.serve('direct'),
  ];
  client.tell({ other: user.url });
  user.tell({ other: message.url });
  message.tell({ other: user.url });
  return { url: client.url, pids: [client.pid, user.pid, message.pid] };
}

/** Wired as `npm start` wires them. */
async function startDemo(stage: Stage): Promise<Chain> {
  const [clientPort, userPort, messagePort] = [await freePort(), await freePort(), await freePort()];
  const authServer = await stage.authServer({ clientApp: `http://localhost:${clientPort}` });
  const settings = {
    ISSUER: authServer.issuer,
    REVOCATIONS_URI: `${authServer.issuer}/oauth2/revocations`,
    CLIENT_SECRET,
    USER_SERVICE_URL: `http://localhost:${userPort}`,
    MESSAGE_SERVICE_URL: `http://localhost:${messagePort}`,
  };
  const message = await stage.app('message-service', settings, messagePort);
  const user = await stage.app('user-service', settings, userPort);
  const client = await stage.app('client-app', settings, clientPort);
  return { url: client.url, pids: [client.pid, user.pid, message.pid, authServer.pid] };
}

function coldRequests(scale: Scale): number {
  return warmupOf(COLD, scale) + scale.rounds * requestsOf(COLD, scale);
}

/** Sessions of one user, each with an access token of its own. */
async function logInMany(url: string, count: number): Promise<string[]> {
  const sessions: string[] = [];
  const send = async (): Promise<void> => void sessions.push(await logIn(url, 'user-0', PASSWORD));
  await drive({ name: 'login', pids: () => [], send }, count, LOGINS);
  return sessions;
}
