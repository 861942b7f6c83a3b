import { measureInTurns } from '../measure.ts';
import { comparedRow, row, type Row } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import { exchangeVariant } from '../requests.ts';
import type { Scale } from '../scale.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

/** The most that the largest may cost, as a multiple of the smallest. */
const FLAT = 1.2;
const SMALL = 10;

/** One exchange costs the same however much there is of everything. */
export const flatness: Case = {
  name: 'flatness',
  run: async (stage, scale) => {
    const rows = [
      ...(await depths(stage, scale)),
      ...(await sizes(stage, scale, 'edges', scale.edges)),
      ...(await sizes(stage, scale, 'users', scale.users)),
      ...(await sizes(stage, scale, 'auditRows', scale.auditRows)),
    ];
    return { title: 'One exchange when there is more of everything', rows };
  },
};

async function depths(stage: Stage, scale: Scale): Promise<Row[]> {
  const server = await stage.authServer({ depths: [0, 4] });
  const variants = [0, 4].map((depth) =>
    exchangeVariant(target(stage, server, `chain of ${depth + 1} in the issued token`, depth)),
  );
  const rows = compare(await measureInTurns(variants, scale));
  await stage.clear();
  return rows;
}

async function sizes(stage: Stage, scale: Scale, what: 'edges' | 'users' | 'auditRows', large: number): Promise<Row[]> {
  const variants = await Promise.all(
    [SMALL, large].map(async (size) => {
      const server = await stage.authServer({ [what]: size });
      const name = `${size.toLocaleString('en')} ${what === 'auditRows' ? 'audit rows' : what}`;
      return exchangeVariant(target(stage, server, name));
    }),
  );
  const rows = compare(await measureInTurns(variants, scale));
  await stage.clear();
  return rows;
}

function compare([small, large]: Awaited<ReturnType<typeof measureInTurns>>): Row[] {
  return [row(small!), comparedRow(large!, small!, FLAT)];
}
