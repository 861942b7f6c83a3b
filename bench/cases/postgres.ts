import { randomBytes } from 'node:crypto';
import { startPostgres } from '@onbehalf/testing';
import { descendants } from '../cpu.ts';
import { measureInTurns } from '../measure.ts';
import { comparedRow, row, type Outcome } from '../outcome.ts';
import type { AuthServer, Stage } from '../processes.ts';
import { exchangeVariant } from '../requests.ts';
import type { Scale } from '../scale.ts';
import type { Case } from './case.ts';
import { floor, target } from './exchange.ts';

/** The same exchange on PostgreSQL, and with two replicas on one database. */
export const postgres: Case = {
  name: 'postgres',
  run: async (stage, scale) => {
    // durable: a server that does not flush would flatter the audit trail
    const database = await startPostgres({ durable: true });
    if (!database) return undefined;
    stage.later(() => database.stop());
    const plan = { databaseUrl: await database.database(), encryptionKey: randomBytes(32).toString('base64') };
    const server = await stage.authServer(plan);
    const replica = await stage.authServer({ ...plan, replicaOf: server });
    return measure(stage, scale, server, replica);
  },
};

async function measure(stage: Stage, scale: Scale, server: AuthServer, replica: AuthServer): Promise<Outcome> {
  const one = target(stage, server, 'exchange, 1 replica');
  const two = {
    ...one,
    name: 'exchange, 2 replicas',
    urls: [server.url, replica.url],
    pids: [server.pid, replica.pid],
  };
  const storeOf = (variant: typeof one): ReturnType<typeof exchangeVariant> => ({
    ...exchangeVariant(variant),
    name: `PostgreSQL's own share, ${variant.urls.length === 1 ? '1 replica' : '2 replicas'}`,
    pids: () => descendants('postgres'),
  });
  const bare = await floor(stage, server, 'ES256');
  const variants = [bare, exchangeVariant(one), storeOf(one), exchangeVariant(two), storeOf(two)];
  const [lowest, single, share, double, shareOfTwo] = await measureInTurns(variants, scale);
  return {
    title: 'One exchange on PostgreSQL with audit, replicas',
    note: 'The CPU of the authorization server and of the database are counted apart.',
    rows: [
      row(lowest!),
      comparedRow(single!, lowest!, 2),
      row(share!),
      comparedRow(double!, single!),
      row(shareOfTwo!),
    ],
  };
}
