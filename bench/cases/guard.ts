import type { Settings } from '../../tools/system.ts';
import { measureInTurns, type Measured, type Variant } from '../measure.ts';
import { added, row, valueRow } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import { getVariant } from '../requests.ts';
import { median } from '../statistics.ts';
import type { Case } from './case.ts';

const ISSUER = 'http://localhost:9001';
const TOKENS = 64;
/** In one request, so that what they cost stands out. */
const VERIFICATIONS = 8;
/** A route costs little, and what is added to it even less: its windows hold so many times as many requests. */
const WEIGHT = 5;
/** But not before them: the compiler settles after as many requests as elsewhere. */
const WARMUP = 1;

/** A guarded Nest route against the same route without the module, and against one bare verification. */
export const guard: Case = {
  name: 'guard',
  run: async (stage, scale) => {
    const variants = [
      await route(stage, 'unguarded'),
      await route(stage, `unguarded, with ${VERIFICATIONS} bare verifications`, { path: '/bare' }),
      await route(stage, 'guarded', { guard: 'on' }),
      await route(stage, 'guarded, verified-token cache', { guard: 'cached' }),
    ];
    const [plain, bare, checked, kept] = await measureInTurns(variants, scale);
    return {
      title: 'A guarded Nest route',
      note: 'What is added is compared with one bare jose verification in the same process.',
      rows: [
        ...[plain, bare, checked, kept].map((measured) => row(measured!)),
        ...comparison(plain!, bare!, checked!, kept!),
      ],
    };
  },
};

interface RouteOptions {
  readonly guard?: 'on' | 'cached';
  readonly path?: '/plain' | '/bare';
  readonly settings?: Settings;
}

/** A server with the route, in a process of its own. */
export async function route(
  stage: Stage,
  name: string,
  { guard, path, settings }: RouteOptions = {},
): Promise<Variant> {
  const tokens = await Promise.all(Array.from({ length: TOKENS }, () => stage.keys.subjectToken(ISSUER)));
  const { url, pid } = await stage.serve('guarded', {
    ISSUER,
    KEYS: stage.write('jwks.json', stage.keys.publicJwks),
    TOKENS: stage.write('tokens.json', tokens),
    VERIFICATIONS: String(VERIFICATIONS),
    ...(guard && { GUARD: guard }),
    ...settings,
  });
  const token = (index: number): string => tokens[index % TOKENS]!;
  const variant = getVariant(name, [pid], url + (path ?? '/plain'), token, ({ ok }) => ok === true);
  return { ...variant, weight: WEIGHT, warmup: WARMUP };
}

function comparison(plain: Measured, bare: Measured, checked: Measured, kept: Measured): ReturnType<typeof valueRow>[] {
  const verification = added(bare, plain).map((cost) => cost / VERIFICATIONS);
  // differences of differences: the middle of the verification is steadier than each of its windows
  const one = median(verification);
  const multiples = added(checked, plain).map((cost) => cost / one);
  return [
    valueRow('one bare verification', verification, 'µs CPU'),
    valueRow('added by the guard', added(checked, plain), 'µs CPU'),
    valueRow('added by the guard, in bare verifications', multiples, '×', 1.3),
    valueRow('added by the guard with its cache', added(kept, plain), 'µs CPU', 25),
  ];
}
