/**
 * `npm run soak`: what `npm test` proves in short, for as long as is promised, one after the other. Words behind it choose
 * among the steps: `npm run soak -- kill overload`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STEPS, type Step } from './soak-steps.ts';

interface Outcome {
  readonly skipped?: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

const STILL_RUNNING_EVERY = 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = openFolder(join(tmpdir(), 'onbehalf-soak'));

const chosen = choose(process.argv.slice(2));
const total = chosen.reduce((sum, { minutes }) => sum + minutes, 0);
console.log(`${chosen.length} steps, about ${total} minutes on two cores that have nothing else to do:`);
for (const { title, minutes } of chosen) console.log(`  ${String(minutes).padStart(2)} min  ${title}`);
build();
const outcomes: Outcome[] = [];
for (const [index, step] of chosen.entries()) outcomes.push(await run(step, `${index + 1} of ${chosen.length}`));
rmSync(scratch, { recursive: true });
process.exit(summarize());

function choose(words: readonly string[]): readonly Step[] {
  const steps = STEPS.filter(({ spec }) => words.length === 0 || words.some((word) => spec.includes(word)));
  if (steps.length > 0) return steps;
  console.error(`soak: "${words.join(' ')}" is no step; accepted: ${STEPS.map(({ spec }) => spec).join(', ')}`);
  return process.exit(1);
}

function build(): void {
  console.log('\nBuilding …');
  const { status } = spawnSync('nx', ['run-many', '-t', 'build', '--outputStyle=static'], {
    cwd: root,
    stdio: 'ignore',
  });
  if (status === 0) return;
  console.error('soak: the build fails; see npm run build');
  process.exit(1);
}

async function run({ title, project, spec, settings, minutes, needs = {} }: Step, place: string): Promise<Outcome> {
  const missing = Object.entries(needs).find(([command, argument]) => spawnSync(command, [argument]).status !== 0);
  if (missing) {
    console.log(`\n── ${place}: ${title}: skipped, because ${missing[0]} is not installed`);
    return { passed: 0, failed: 0, seconds: 0, skipped: missing[0] };
  }
  const told = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  console.log(`\n── ${place}: ${title} (about ${minutes} min) ${told.join(' ')}`);
  const report = join(scratch, `${project}-${spec.replaceAll('/', '-')}.json`);
  const where = project === 'e2e' ? ['--config', 'e2e/jest.config.mjs'] : ['--selectProjects', project];
  const args = [
    ...where,
    '--cacheDirectory',
    join(scratch, 'jest'),
    '--runInBand',
    '--json',
    `--outputFile=${report}`,
    '--testPathPatterns',
    `${spec}.spec`,
  ];
  const begun = performance.now();
  const seconds = (): number => Math.round((performance.now() - begun) / 1000);
  const folder = openFolder(join(scratch, 'step'));
  const env = { ...environment(settings), TMPDIR: folder };
  const jest = spawn('jest', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env });
  const clock = setInterval(() => console.log(`── still running after ${seconds()} s`), STILL_RUNNING_EVERY);
  const [code] = (await once(jest, 'exit')) as [number | null];
  clearInterval(clock);
  rmSync(folder, { recursive: true });
  const { passed, failed } = readReport(report);
  // a spec that could not run fails without a failing test
  return { passed, failed: failed || Number(code !== 0 || passed === 0), seconds: seconds() };
}

/** A folder for what a step leaves behind, databases of hundreds of megabytes among it; the user that PostgreSQL runs as may pass. */
function openFolder(prefix: string): string {
  const folder = mkdtempSync(`${prefix}-`);
  chmodSync(folder, 0o711);
  return folder;
}

/** With CI, a missing PostgreSQL is a failure: a soak that skips proves nothing. */
function environment(settings: Step['settings']): NodeJS.ProcessEnv {
  const text = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
  const node = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
  return { ...process.env, ...text, CI: 'true', NODE_OPTIONS: node };
}

function readReport(path: string): { passed: number; failed: number } {
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(path, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    return { passed, failed };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

/** @returns the exit code */
function summarize(): number {
  console.log('');
  for (const [index, { failed, seconds, skipped }] of outcomes.entries()) {
    const outcome = skipped === undefined ? 'passed' : `skipped, no ${skipped}:`;
    console.log(`${failed ? 'FAILED' : outcome}  ${String(seconds).padStart(5)} s  ${chosen[index]!.title}`);
  }
  const sum = (member: 'passed' | 'failed' | 'seconds'): number =>
    outcomes.reduce((all, outcome) => all + outcome[member], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${Math.round(sum('seconds') / 60)} minutes`);
  return sum('failed') > 0 ? 1 : 0;
}
