import { measureInTurns } from '../measure.ts';
import { comparedRow, row } from '../outcome.ts';
import { exchangeVariant } from '../requests.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

/** The most that the largest may cost, as a multiple of the smallest. */
const FLAT = 1.2;
/** Actors of the deepest subject token; the exchange adds one. */
const DEEP = 4;

/** One exchange costs the same however much there is of everything: each large end against one small server. */
export const flatness: Case = {
  name: 'flatness',
  run: async (stage, scale) => {
    const { edges, users, auditRows } = scale;
    const sizes = Object.entries({ edges, users, auditRows });
    const servers = await Promise.all([
      stage.authServer({ edges: 10, users: 10, auditRows: 10, depths: [0, DEEP] }),
      ...sizes.map(([what, size]) => stage.authServer({ [what]: size })),
    ]);
    const names = ['10 of everything', ...sizes.map(([what, size]) => `${size.toLocaleString('en')} ${what}`)];
    const variants = servers.map((server, index) => exchangeVariant(target(stage, server, names[index]!)));
    variants.push(exchangeVariant(target(stage, servers[0], `chain of ${DEEP + 1}`, DEEP)));
    const [small, ...large] = await measureInTurns(variants, scale);
    return {
      title: 'One exchange when there is more of everything',
      rows: [row(small!), ...large.map((measured) => comparedRow(measured, small!, FLAT))],
    };
  },
};
