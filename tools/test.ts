/** `npm test`: lint, types, unit tests and end-to-end tests; at the end what failed, and one line that counts them all. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'onbehalf-test-'));
const count = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];

run('Build', 'nx', ['run-many', '-t', 'build', '--outputStyle=static']);
run('Lint (with module boundaries)', 'npm', ['run', '--silent', 'lint']);
run('Format', 'prettier', ['--check', '--log-level=warn', '.']);
run('Types', 'tsc', ['-b']);
jest('Unit tests', 'unit', ['--coverage']);
// as Node 22 keeps them unless told: other code carries the context of a request from one callback to the next
jest('Contexts of requests in Node 22', 'contexts', ['libs/resource-server/src/request/'], '--no-async-context-frame');
jest('End-to-end tests', 'e2e', ['--config', 'e2e/jest.config.mjs', '--runInBand']);
run('Requirements table', 'node', ['tools/requirements.ts', '--check']);
run('Table of errors', 'node', ['tools/errors.ts', '--check']);
run('Table of settings', 'node', ['tools/configuration.ts', '--check']);
run('Documentation site', 'npm', ['run', '--silent', 'docs:build']);
run('Picture of the rooms', 'node', ['tools/architecture.ts', '--check']);
run('Where to change what', 'node', ['tools/where-to-change.ts']);

rmSync(scratch, { recursive: true });
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((failure) => `  ${failure}`).join('\n')}`);
const skipped = count.skipped ? `, ${count.skipped} skipped` : '';
console.log(`\n${count.passed} passed, ${count.failed} failed${skipped}`);
process.exit(count.failed ? 1 : 0);

/** Runs one check; it counts as one. */
function run(title: string, command: string, args: readonly string[]): boolean {
  console.log(`\n── ${title}: ${command} ${args.join(' ')}`);
  const started = performance.now();
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(error.message);
  console.log(
    `── ${title}: ${status === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - started) / 100) / 10} s`,
  );
  count[status === 0 ? 'passed' : 'failed'] += 1;
  if (status !== 0) failures.push(title);
  return status === 0;
}

/** Runs Jest; each of its tests counts. */
function jest(title: string, name: string, args: readonly string[], nodeOption = ''): void {
  const report = join(scratch, `${name}.json`);
  process.env['NODE_OPTIONS'] = `--experimental-vm-modules --disable-warning=ExperimentalWarning ${nodeOption}`;
  const passed = run(title, 'jest', [...args, '--json', `--outputFile=${report}`]);
  delete process.env['NODE_OPTIONS'];
  count[passed ? 'passed' : 'failed'] -= 1;
  const result = readReport(report);
  count.passed += result.numPassedTests;
  // coverage below its threshold, or a process that ended, fails without a failing test
  count.failed += result.numFailedTests + result.numRuntimeErrorTestSuites || Number(!passed);
  count.skipped += result.numPendingTests;
  failures.push(...result.testResults.flatMap(failuresOf));
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly Suite[];
}

interface Suite {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly { status: string; fullName: string; failureMessages: readonly string[] }[];
}

function readReport(path: string): Report {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numRuntimeErrorTestSuites: 0, testResults: [] };
  }
}

/** Each failing test with the first line of its reason, or the reason why the suite did not run. */
function failuresOf({ name, status, message, assertionResults }: Suite): readonly string[] {
  const suite = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [`${suite}: ${firstLine(message)}`] : [];
  return failed.map((test) => `${suite}: ${test.fullName}: ${firstLine(test.failureMessages[0] ?? '')}`);
}

function firstLine(text: string): string {
  const lines = stripVTControlCharacters(text).split('\n');
  return lines.map((line) => line.trim()).find((line) => line !== '' && !line.startsWith('●')) ?? '';
}
