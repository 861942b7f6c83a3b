import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CASES } from './cases/index.ts';
import type { Case } from './cases/case.ts';
import { chart } from './chart.ts';
import { CPU_IS_KNOWN } from './cpu.ts';
import { withFigures } from './document.ts';
import { describe, machine } from './machine.ts';
import { readOptions } from './options.ts';
import { Stage } from './processes.ts';
import { merged, type CaseResult } from './results.ts';
import { table } from './table.ts';
import { Keys } from './tokens.ts';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const own = fileURLToPath(new URL('var/', import.meta.url));
const { cases, scale, publish } = readOptions(CASES);
const date = new Date().toISOString().slice(0, 10);

console.log(`${date} · ${describe(machine())} · ${scale.name}\n`);
const judged = scale.name === 'full';
if (scale.name === 'tiny') console.log('Only shows that everything runs: the counts are too small for figures.\n');
else if (!judged)
  console.log('The compiler has not settled after so few requests: ratios are rough, and no goal is judged.\n');
if (!CPU_IS_KNOWN)
  console.log('This system does not tell the CPU time of a process: only times and sizes are shown.\n');
const stage = new Stage(await Keys.generate());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void leave(130));
try {
  write(await runAll(cases));
  await leave(0);
} catch (error) {
  console.error(`\nFailed: ${(error as Error).message}`);
  await leave(1);
}

async function runAll(cases: readonly Case[]): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  const began = performance.now();
  for (const [index, { name, run }] of cases.entries()) {
    const started = performance.now();
    process.stderr.write(`[${index + 1}/${cases.length}] ${name} `);
    const outcome = await run(stage, scale);
    await stage.clear();
    process.stderr.write(` ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
    if ('leftOut' in outcome) {
      console.log(`${name} is left out: ${outcome.leftOut}\n`);
      continue;
    }
    results.push({ name, date, scale, outcome });
    console.log(table(outcome, judged));
  }
  console.log(`Every answer was right. ${((performance.now() - began) / 60_000).toFixed(1)} minutes.`);
  return results;
}

/** What was measured stays beside the code that measured it; the documentation changes only when it is asked for. */
function write(fresh: readonly CaseResult[]): void {
  const folder = publish ? docs : own;
  mkdirSync(folder, { recursive: true });
  const order = CASES.map(({ name }) => name);
  const results = merged(
    `${folder}performance.json`,
    machine(),
    fresh,
    publish ? order : fresh.map(({ name }) => name),
  );
  writeFileSync(`${folder}performance.json`, `${JSON.stringify(results, undefined, 2)}\n`);
  writeFileSync(`${folder}performance.svg`, chart(results));
  if (publish)
    writeFileSync(`${docs}performance.md`, withFigures(readFileSync(`${docs}performance.md`, 'utf8'), results));
  console.log(`Written to ${publish ? 'docs' : 'bench/var'}.`);
}

async function leave(code: number): Promise<never> {
  await stage.close();
  process.exit(code);
}
