import { measureInTurns } from '../measure.ts';
import { comparedRow, row, valueRow } from '../outcome.ts';
import { exchangeVariant } from '../requests.ts';
import type { Case } from './case.ts';
import { target } from './exchange.ts';

/** The most that the largest may cost, as a multiple of the smallest. */
const FLAT = 1.2;
/** Actors of the subject tokens; the exchange adds one. */
const ACTORS = [0, 1, 2, 3, 4];

/**
 * One exchange costs the same however much there is of everything: longer chains against the shortest one at one server, each
 * large end against a small server. All servers of a comparison have answered as many requests.
 */
export const flatness: Case = {
  name: 'flatness',
  run: async (stage, scale) => {
    const { edges, users, auditRows } = scale;
    const chains = await stage.authServer({ depths: ACTORS });
    const small = await stage.authServer({ edges: 10, users: 10, auditRows: 10 });
    const large = [
      { name: `${edges.toLocaleString('en')} edges`, server: await stage.authServer({ edges }) },
      { name: `${users.toLocaleString('en')} users`, server: await stage.authServer({ users }) },
      { name: `${auditRows.toLocaleString('en')} audit records`, server: await stage.authServer({ auditRows }) },
    ];
    const byLength = ACTORS.map((actors) => exchangeVariant(target(stage, chains, `chain of ${actors + 1}`, actors)));
    const bySize = [{ name: '10 of everything', server: small }, ...large].map(({ name, server }) =>
      exchangeVariant(target(stage, server, name)),
    );
    const measured = await measureInTurns([...byLength, ...bySize], scale);
    const [shortest, ...longer] = measured.slice(0, byLength.length);
    const [least, ...more] = measured.slice(byLength.length);
    return {
      title: 'One exchange when there is more of everything',
      rows: [
        row(shortest!),
        ...longer.map((chain) => comparedRow(chain, shortest!, FLAT)),
        row(least!),
        ...more.map((each) => comparedRow(each, least!, FLAT)),
        ...large.map(({ name, server }) => valueRow(`start to ready with ${name}`, [server.seconds], 's')),
      ],
    };
  },
};
