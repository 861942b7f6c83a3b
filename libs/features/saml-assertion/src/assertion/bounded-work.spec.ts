import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';

interface Counted {
  /** By what makes the work: of a signed assertion and one that is not, with so much of it and with twice as much. */
  readonly shapes: Readonly<Record<string, readonly { readonly less: number; readonly more: number }[]>>;
  readonly tooLarge: number;
  readonly oneKey: number;
  readonly fiveKeys: number;
}

const SHAPES = [
  ...['elements', 'elements in each other', 'attributes of one element', 'attributes of the user'],
  ...['namespaces of one element', 'namespaces in each other', 'namespaces above elements'],
  ...['references to characters', 'comments', 'sections of CDATA', 'text'],
];

const script = fileURLToPath(new URL('../../processes/steps.mjs', import.meta.url));
const testing = createRequire(import.meta.url).resolve('@onbehalf/testing-internal');
const fromSource = fileURLToPath(new URL('../from-source.mjs', `file://${testing}`));
const EXACT = ['--no-opt', '--no-lazy-feedback-allocation', '--no-flush-bytecode', '--expose-gc'];
/** Megabytes, so that nothing is collected while it counts. */
const ROOM = ['--min-semi-space-size=256', '--max-semi-space-size=256'];

let counted: Counted;
beforeAll(() => {
  const options = [...EXACT, ...ROOM, '--conditions=@onbehalf/source', '--import', fromSource];
  const env = { PATH: process.env['PATH'] };
  counted = JSON.parse(execFileSync(process.execPath, [...options, script], { env, encoding: 'utf8' })) as Counted;
}, 120_000);

describe('the work that an assertion causes', () => {
  it('is counted for every shape', () => {
    expect(Object.keys(counted.shapes).toSorted()).toEqual(SHAPES.toSorted());
  });

  it.each(SHAPES)('grows as it does, signed or not: %s', (shape) => {
    for (const { less, more } of counted.shapes[shape]!) {
      expect(less).toBeGreaterThan(100);
      // twice as much of it is twice the work, not four times
      expect(more).toBeLessThan(2.5 * less);
      expect(more).toBeLessThan(1_000_000);
    }
  });

  it('is next to nothing for what is too large: no parser runs', () => {
    expect(counted.tooLarge).toBeLessThan(100);
  });

  it('is once more for each key of the issuer that does not fit, and no more', () => {
    expect(counted.fiveKeys).toBeLessThan(5 * counted.oneKey);
  });
});
