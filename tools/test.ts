/** `npm test`: lint, types, unit tests and end-to-end tests, and one line that counts them all. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'onbehalf-test-'));
const count = { passed: 0, failed: 0, skipped: 0 };

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
  // a suite that could not run, or coverage below its threshold, fails without a failing test
  count.failed += result.numFailedTests || Number(!passed);
  count.skipped += result.numPendingTests;
}

function readReport(path: string): { numPassedTests: number; numFailedTests: number; numPendingTests: number } {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ReturnType<typeof readReport>;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  }
}
