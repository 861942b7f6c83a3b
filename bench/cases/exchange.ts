import { measureInTurns } from '../measure.ts';
import { comparedRow, row } from '../outcome.ts';
import type { AuthServer, Stage } from '../processes.ts';
import { clientCredentialsVariant, exchangeVariant, type ExchangeTarget } from '../requests.ts';
import type { Case } from './case.ts';

/** One exchange with the embedded store and audit, against the bare work of verifying and signing. */
export const exchange: Case = {
  name: 'exchange',
  run: async (stage, scale) => {
    const server = await stage.authServer();
    const floors = [await floor(stage, server, 'ES256'), await floor(stage, server, 'RS256')];
    const rs256 = exchangeVariant({ ...target(stage, server, 'exchange, RS256'), audience: 'message-service-rs256' });
    const variants = [
      ...floors,
      exchangeVariant(target(stage, server, 'exchange, ES256')),
      rs256,
      clientCredentialsVariant('client credentials, ES256', server, stage.keys),
    ];
    const [floorEs, floorRs, es, rs, credentials] = await measureInTurns(variants, scale);
    return {
      title: 'One exchange at the token endpoint, SQLite file, audit on',
      rows: [
        row(floorEs!),
        comparedRow(es!, floorEs!, 1.6),
        row(credentials!),
        { ...comparedRow(es!, credentials!, 1.3), variant: 'exchange, ES256' },
        row(floorRs!),
        comparedRow(rs!, floorRs!),
        { ...comparedRow(rs!, es!), variant: 'exchange, RS256' },
      ],
    };
  },
};

/** What {@link exchangeVariant} needs to know of a server. */
export function target(stage: Stage, server: AuthServer, name: string, depth = 0): ExchangeTarget {
  const { url, pid, issuer, subjects } = server;
  return { name, urls: [url], pids: [pid], issuer, subjects: subjects.get(depth)!, keys: stage.keys, depth };
}

/** The bare server for the same subject tokens. */
export async function floor(
  stage: Stage,
  server: AuthServer,
  algorithm: 'ES256' | 'RS256',
): Promise<ReturnType<typeof exchangeVariant>> {
  const settings = { ISSUER: server.issuer, KEYS: stage.write('keys.json', stage.keys.jwks), ALGORITHM: algorithm };
  const { url, pid } = await stage.serve('floor', settings);
  return exchangeVariant({ ...target(stage, server, `floor, ${algorithm}`), urls: [url], pids: [pid], path: '/' });
}
