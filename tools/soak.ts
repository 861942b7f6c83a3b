/**
 * `npm run soak`: what `npm test` proves in short, for as long as is promised, one after the other. Words behind it choose
 * among the steps: `npm run soak -- kill overload`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Step {
  readonly title: string;
  /** `e2e`, or the name of the project. */
  readonly project: string;
  readonly spec: string;
  readonly settings: Readonly<Record<string, number>>;
  /** As measured on two cores, rounded up. */
  readonly minutes: number;
  /** Commands without which it is skipped, each with the argument that makes it answer. */
  readonly needs?: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly skipped?: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

const STEPS: readonly Step[] = [
  {
    title: 'one use of a jti, code and refresh token by two processes, and kill -9 of the store',
    project: 'authorization-store',
    spec: 'several-processes',
    settings: { SOAK_ROUNDS: 200, SOAK_KILLS: 20 },
    minutes: 3,
  },
  {
    title: 'a database that hangs for 30 s, at the store',
    project: 'authorization-store',
    spec: 'src/outage',
    settings: { SOAK_OUTAGE: 30 },
    minutes: 1,
  },
  {
    title: 'one use of codes, refresh tokens and proofs at two replicas',
    project: 'e2e',
    spec: 'replicas',
    settings: { SOAK_ROUNDS: 200 },
    minutes: 3,
  },
  {
    title: 'keys that rotate under load',
    project: 'e2e',
    spec: 'key-rotation',
    settings: { SOAK_ROTATION: 180 },
    minutes: 4,
  },
  {
    title: 'kill -9 under load, on SQLite and PostgreSQL',
    project: 'e2e',
    spec: 'kill',
    settings: { SOAK_KILLS: 20 },
    minutes: 5,
  },
  {
    title: 'a database that hangs, then one that is down, for 30 s under load',
    project: 'e2e',
    spec: 'database-outage',
    settings: { SOAK_OUTAGE: 30 },
    minutes: 2,
  },
  {
    title: 'five times the load that it can bear, on SQLite and PostgreSQL',
    project: 'e2e',
    spec: 'overload',
    settings: { SOAK_OVERLOAD: 10 },
    minutes: 4,
  },
  { title: 'SIGTERM under load', project: 'e2e', spec: 'shutdown', settings: { SOAK_SHUTDOWN: 15 }, minutes: 2 },
  {
    title: 'the apps as they are, on Keycloak',
    project: 'e2e',
    spec: 'keycloak',
    settings: { SOAK_KEYCLOAK: 1 },
    minutes: 3,
    needs: { java: '-version', mvn: '-version' },
  },
  {
    title: 'MCP’s conformance test of Enterprise-Managed Authorization',
    project: 'e2e',
    spec: 'enterprise-managed',
    settings: { SOAK_MCP: 1 },
    minutes: 1,
  },
  { title: 'clients that mean it no good', project: 'e2e', spec: 'hostile-clients', settings: {}, minutes: 1 },
  {
    title: 'configurations that the schema accepts serve a login and an exchange',
    project: 'e2e',
    spec: 'accepted-configurations',
    settings: { SCHEMA_CASES: 5000 },
    minutes: 10,
  },
  {
    title: 'a storm of revocations, on SQLite and PostgreSQL: 100,000 tokens of one session while others are issued',
    project: 'e2e',
    spec: 'revocation-storm',
    settings: { SOAK_STORM: 100_000 },
    minutes: 3,
  },
  {
    title:
      'the activity of a person on whose behalf a million exchanges were made, page by page, on SQLite and PostgreSQL',
    project: 'e2e',
    spec: 'activity',
    settings: { SOAK_ACTIVITY: 1_000_000 },
    minutes: 10,
  },
  {
    title: '20,000 linked accounts of which 1 % end at once, and kill -9 in the middle of refreshes',
    project: 'token-vault',
    spec: 'src/several-processes',
    settings: { SOAK_ACCOUNTS: 20_000, SOAK_KILLS: 20 },
    minutes: 6,
  },
  {
    title: 'mutated SAML assertions: none says anything but what was signed',
    project: 'saml-assertion',
    spec: 'signature-wrapping',
    settings: { SAML_MUTATIONS: 50_000 },
    minutes: 2,
  },
  {
    title: "Spring's login, resource servers and exchange, with the settings of spring-article.yaml",
    project: 'e2e',
    spec: 'src/spring',
    settings: { SOAK_SPRING: 1 },
    minutes: 3,
    needs: { java: '-version', mvn: '-version' },
  },
  { title: 'clocks that differ', project: 'e2e', spec: 'clock-skew', settings: {}, minutes: 1 },
];

const STILL_RUNNING_EVERY = 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'onbehalf-soak-'));

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
  const args = [...where, '--runInBand', '--json', `--outputFile=${report}`, '--testPathPatterns', `${spec}.spec`];
  const begun = performance.now();
  const seconds = (): number => Math.round((performance.now() - begun) / 1000);
  const jest = spawn('jest', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env: environment(settings) });
  const clock = setInterval(() => console.log(`── still running after ${seconds()} s`), STILL_RUNNING_EVERY);
  const [code] = (await once(jest, 'exit')) as [number | null];
  clearInterval(clock);
  const { passed, failed } = readReport(report);
  // a spec that could not run fails without a failing test
  return { passed, failed: failed || Number(code !== 0 || passed === 0), seconds: seconds() };
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
