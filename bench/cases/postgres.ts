import { randomBytes } from 'node:crypto';
import { startPostgres } from '@onbehalf/testing-internal';
import { programSeconds } from '../cpu.ts';
import { measureInTurns, type Measured, type Variant } from '../measure.ts';
import { comparedRow, row, valueRow, type Outcome, type Row } from '../outcome.ts';
import type { AuthServer, Stage } from '../processes.ts';
import { exchangeVariant } from '../requests.ts';
import type { Scale } from '../scale.ts';
import { spread } from '../statistics.ts';
import type { Case } from './case.ts';
import { floor, target } from './exchange.ts';

/** The same exchange on PostgreSQL, and with two replicas on one database. */
export const postgres: Case = {
  name: 'postgres',
  run: async (stage, scale) => {
    // durable: a server that does not flush would flatter the audit trail
    const database = await startPostgres({ durable: true });
    if (!database) return { leftOut: 'there is no PostgreSQL here' };
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
  const withDatabase = (variant: typeof one): Variant => ({
    ...exchangeVariant(variant),
    beside: () => programSeconds('postgres'),
  });
  const variants = [await floor(stage, server, 'ES256'), withDatabase(one), withDatabase(two)];
  const [lowest, single, double] = await measureInTurns(variants, scale);
  return {
    title: 'One exchange on PostgreSQL with audit, replicas',
    note: 'CPU is that of the authorization server, of all its replicas together; PostgreSQL is counted apart.',
    rows: [
      row(lowest!),
      comparedRow(single!, lowest!, 2),
      withStore(single!, lowest!),
      ...storeRows(single!),
      laterRow(single!),
      comparedRow(double!, single!),
      ...storeRows(double!),
    ],
  };
}

/** What the exchange costs the machine as a whole. */
function withStore({ name, windows }: Measured, base: Measured): Row {
  const all = windows.map(({ cpu, cpuBeside }) => cpu + cpuBeside);
  return {
    variant: `${name}, with PostgreSQL`,
    cpu: spread(all),
    against: base.name,
    ratio: spread(all.map((cpu, index) => cpu / base.windows[index]!.cpu)),
  };
}

/** Whether the database has more work with each token that it holds already. */
function laterRow({ name, windows }: Measured): Row {
  const third = Math.ceil(windows.length / 3);
  const [first, last] = [windows.slice(0, third), windows.slice(-third)];
  const growth = last.flatMap((late) => first.map((early) => late.cpuBeside / early.cpuBeside));
  return valueRow(`${name}: PostgreSQL, last third of the windows ÷ first`, growth, '×');
}

function storeRows({ name, windows }: Measured): Row[] {
  const shares = windows.map(({ cpu, cpuBeside }) => (100 * cpuBeside) / (cpu + cpuBeside));
  return [
    { variant: `${name}: PostgreSQL`, cpu: spread(windows.map(({ cpuBeside }) => cpuBeside)) },
    valueRow(`${name}: PostgreSQL's share of the CPU`, shares, '%'),
  ];
}
