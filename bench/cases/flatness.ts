import { measureInTurns, type Variant } from '../measure.ts';
import { comparedRow, row, valueRow } from '../outcome.ts';
import { exchangeVariant } from '../requests.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

/** The most that the largest may cost, as a multiple of the smallest. */
const FLAT = 1.2;
/** Actors of the subject tokens; the exchange adds one. */
const ACTORS = [0, 1, 2, 3, 4];

/** One exchange costs the same however much there is of everything: each large end against one small server. */
export const flatness: Case = {
  name: 'flatness',
  run: async (stage, scale) => {
    const { edges, users, auditRows } = scale;
    const small = await stage.authServer({ edges: 10, users: 10, auditRows: 10, depths: ACTORS });
    const large = [
      { name: `${edges.toLocaleString('en')} edges`, server: await stage.authServer({ edges }) },
      { name: `${users.toLocaleString('en')} users`, server: await stage.authServer({ users }) },
      { name: `${auditRows.toLocaleString('en')} audit records`, server: await stage.authServer({ auditRows }) },
    ];
    const variants: Variant[] = [
      ...ACTORS.map((actors) => exchangeVariant(target(stage, small, depthName(actors), actors))),
      ...large.map(({ name, server }) => exchangeVariant(target(stage, server, name))),
    ];
    const [base, ...others] = await measureInTurns(variants, scale);
    return {
      title: 'One exchange when there is more of everything',
      rows: [
        row(base!),
        ...others.map((measured) => comparedRow(measured, base!, FLAT)),
        ...large.map(({ name, server }) => valueRow(`start to ready with ${name}`, [server.seconds], 's')),
      ],
    };
  },
};

function depthName(actors: number): string {
  return actors === 0 ? '10 of everything, chain of 1' : `chain of ${actors + 1}`;
}
