import { freePort } from '../../tools/system.ts';
import { measureInTurns } from '../measure.ts';
import { comparedRow, row } from '../outcome.ts';
import type { AuthServer, Stage } from '../processes.ts';
import { getVariant } from '../requests.ts';
import { CLIENT_SECRET } from '../server-config.ts';
import type { Case } from './case.ts';

const WARM = 16;

/** Where a chain of services begins, and all the processes that it keeps busy. */
interface Chain {
  readonly url: string;
  readonly pids: readonly number[];
}

/** The demo: user-service asks message-service, which asks user-service; against the same calls without tokens. */
export const demo: Case = {
  name: 'demo',
  run: async (stage, scale) => {
    const fewer = { ...scale, requests: Math.ceil(scale.requests / 4), warmup: Math.ceil(scale.warmup / 2) };
    const authServer = await stage.authServer({ pool: WARM + fewer.warmup + fewer.requests * fewer.rounds });
    const bare = await startDirect(stage);
    const demo = await startDemo(stage, authServer);
    const tokens = authServer.subjects.get(0)!;
    let fresh = WARM;
    const get = (name: string, { pids, url }: Chain, token?: (index: number) => string) =>
      getVariant(name, pids, `${url}/user/message`, token, ({ message }) => String(message).startsWith('Hello '));
    const variants = [
      get('direct, without tokens', bare),
      get('warm', demo, (index) => tokens[index % WARM]!),
      get('cold, a new subject token each time', demo, () => tokens[fresh++]!),
    ];
    const [direct, warm, cold] = await measureInTurns(variants, fewer);
    return {
      title: 'user-service → message-service → user-service, CPU of all processes',
      rows: [row(direct!), comparedRow(warm!, direct!, 1.5), comparedRow(cold!, direct!)],
    };
  },
};

async function startDirect(stage: Stage): Promise<Chain> {
  const [user, message] = [await stage.serve('direct'), await stage.serve('direct')];
  user.tell({ other: message.url });
  message.tell({ other: user.url });
  return { url: user.url, pids: [user.pid, message.pid] };
}

async function startDemo(stage: Stage, authServer: AuthServer): Promise<Chain> {
  const [userPort, messagePort] = [await freePort(), await freePort()];
  const settings = {
    ISSUER: authServer.issuer,
    CLIENT_SECRET,
    USER_SERVICE_URL: `http://localhost:${userPort}`,
    MESSAGE_SERVICE_URL: `http://localhost:${messagePort}`,
  };
  const user = await stage.app('user-service', settings, userPort);
  const message = await stage.app('message-service', settings, messagePort);
  return { url: user.url, pids: [user.pid, message.pid, authServer.pid] };
}
