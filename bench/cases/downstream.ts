import type { Settings } from '../../tools/system.ts';
import { measureInTurns, type Variant } from '../measure.ts';
import { comparedRow, row } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import { getVariant } from '../requests.ts';
import { CLIENT_SECRET } from '../server-config.ts';
import type { Case } from './case.ts';

/** In one request, so that the request itself weighs little. */
const CALLS = 10;
const WEIGHT = 1 / 4;

/** A call through the client with a warm exchange cache, against axios with a fixed header. */
export const downstream: Case = {
  name: 'downstream',
  run: async (stage, scale) => {
    const variants = await downstreamVariants(stage);
    const [fixed, exchanged] = await measureInTurns([variants.fixed, variants.exchanged], scale);
    return { title: 'A downstream call', rows: [row(fixed!), comparedRow(exchanged!, fixed!, 1.15)] };
  },
};

/** The two ways to call, in one process. */
export async function downstreamVariants(
  stage: Stage,
  settings: Settings = {},
): Promise<Record<'fixed' | 'exchanged', Variant>> {
  const server = await stage.authServer();
  const echo = await stage.serve('echo');
  const { url, pid } = await stage.serve('downstream', {
    ISSUER: server.issuer,
    SECRET: CLIENT_SECRET,
    TARGET: echo.url,
    SUBJECT_TOKEN: server.subjects.get(0)![0]!.token,
    CALLS: String(CALLS),
    ...settings,
  });
  const right = ({ answers }: Record<string, unknown>): boolean =>
    Array.isArray(answers) &&
    answers.length === CALLS &&
    answers.every((answer: { bearer?: boolean }) => answer.bearer);
  const get = (path: string, name: string): Variant => ({
    ...getVariant(`${name}, ${CALLS} calls`, [pid], `${url}/${path}`, undefined, right),
    weight: WEIGHT,
  });
  return { fixed: get('fixed', 'axios with a fixed header'), exchanged: get('exchanged', 'warm exchange cache') };
}
