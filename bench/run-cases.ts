/** Runs the cases that the command line asks for; everything is built. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CASES } from './cases/index.ts';
import { chart } from './chart.ts';
import { CPU_IS_KNOWN } from './cpu.ts';
import { describe, machine } from './machine.ts';
import type { Outcome } from './outcome.ts';
import { Stage } from './processes.ts';
import { SCALES, type Scale } from './scale.ts';
import { table } from './table.ts';
import { Keys } from './tokens.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    tiny: { type: 'boolean' },
    publish: { type: 'boolean' },
    only: { type: 'string' },
  },
});
const scale = values.tiny ? SCALES.tiny : values.quick ? SCALES.quick : SCALES.full;
const date = new Date().toISOString().slice(0, 10);

console.log(`${date} · ${describe(machine())} · ${scale.name}\n`);
if (scale.name === 'tiny') console.log('Only shows that everything runs: the counts are too small for figures.\n');
if (!CPU_IS_KNOWN) console.log('CPU time per process is not available on this system: only times are shown.\n');
const stage = new Stage(await Keys.generate());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave(130));
try {
  const outcomes = await runAll(chosen(values.only), scale);
  write(outcomes);
  await leave(0);
} catch (error) {
  console.error(`Failed: ${(error as Error).message}`);
  await leave(1);
}

function chosen(only: string | undefined): typeof CASES {
  const names = only?.split(',');
  const unknown = names?.find((name) => !CASES.some((each) => each.name === name));
  if (unknown === undefined) return CASES.filter(({ name }) => names?.includes(name) ?? true);
  console.error(`--only ${unknown}; accepted: ${CASES.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}

async function runAll(cases: typeof CASES, counts: Scale): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [index, { name, run }] of cases.entries()) {
    const started = performance.now();
    process.stderr.write(`[${index + 1}/${cases.length}] ${name} …`);
    const outcome = await run(stage, counts);
    await stage.clear();
    process.stderr.write(` ${((performance.now() - started) / 1000).toFixed(1)} s${outcome ? '' : ', left out'}\n`);
    if (!outcome) continue;
    outcomes.push(outcome);
    console.log(table(outcome, counts.name !== 'tiny'));
  }
  return outcomes;
}

/** What was measured stays beside the code that measured it; the documentation changes only when it is asked for. */
function write(outcomes: readonly Outcome[]): void {
  const result = JSON.stringify({ date, scale, machine: machine(), outcomes }, undefined, 2);
  const folder = values.publish ? `${root}docs/` : `${root}bench/var/`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}performance.json`, `${result}\n`);
  writeFileSync(`${folder}performance.svg`, chart(outcomes, date, machine()));
  console.log(`Written: performance.json and performance.svg in ${values.publish ? 'docs' : 'bench/var'}`);
}

async function leave(code: number): Promise<never> {
  await stage.close();
  process.exit(code);
}
