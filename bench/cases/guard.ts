import { measureInTurns, type Measured } from '../measure.ts';
import { added, row, valueRow } from '../outcome.ts';
import { getVariant } from '../requests.ts';
import { median } from '../statistics.ts';
import type { Case } from './case.ts';

const ISSUER = 'http://localhost:9001';
const TOKENS = 64;
/** In one request, so that what they cost stands out. */
const VERIFICATIONS = 8;

/** A route costs little, and the system counts CPU in hundredths of a second. */
const MORE = 4;

/** A guarded Nest route against the same route without the module, and against one bare verification. */
export const guard: Case = {
  name: 'guard',
  run: async (stage, scale) => {
    const tokens = await Promise.all(Array.from({ length: TOKENS }, () => stage.keys.subjectToken(ISSUER)));
    const settings = {
      ISSUER,
      KEYS: stage.write('jwks.json', stage.keys.publicJwks),
      TOKENS: stage.write('tokens.json', tokens),
      VERIFICATIONS: String(VERIFICATIONS),
    };
    const open = await stage.serve('guarded', settings);
    const guarded = await stage.serve('guarded', { ...settings, GUARD: 'on' });
    const cached = await stage.serve('guarded', { ...settings, GUARD: 'cached' });
    const token = (index: number): string => tokens[index % TOKENS]!;
    const get = (name: string, { url, pid }: typeof open, path = '/plain'): ReturnType<typeof getVariant> =>
      getVariant(name, [pid], url + path, token, ({ ok }) => ok === true);
    const variants = [
      get('unguarded', open),
      get(`unguarded, with ${VERIFICATIONS} bare verifications`, open, '/bare'),
      get('guarded', guarded),
      get('guarded, verified-token cache', cached),
    ];
    const [plain, bare, checked, kept] = await measureInTurns(variants, { ...scale, requests: scale.requests * MORE });
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
