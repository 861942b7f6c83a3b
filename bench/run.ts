/**
 * `npm run bench`: measures the built product on this machine and prints ratios.
 * `-- --quick` takes less time, `--tiny` only shows that everything runs, `--only a,b` picks cases, `--exchanges 1000000` is for
 * the case `memory`, `--publish` renews what was measured in the figures and the chart of the documentation.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { status, stdout, stderr, error } = spawnSync('nx', ['run-many', '-t', 'build', '--outputStyle=static'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  encoding: 'utf8',
});
if (status !== 0) {
  console.error(error?.message ?? stdout + stderr);
  process.exit(1);
}
// only now, because the benchmark uses what was built
await import('./run-cases.ts');
