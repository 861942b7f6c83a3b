/**
 * `npm run release`: the next version from the commits since the last one, with changelogs, a commit and a tag; nothing is published.
 * `-- --dry-run` shows what would be done. `repository` of the root manifest is the one setting: every library gets it from there.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';

interface Manifest {
  readonly private?: boolean;
  readonly license?: string;
  readonly repository?: string | { readonly type: string; readonly url: string; readonly directory?: string };
}

const root = process.cwd();
const args = process.argv.slice(2);
const dryRun = args.includes('--dry-run');
const url = repositoryUrl(read(join(root, 'package.json')));

if (url === undefined) {
  const missing =
    'package.json has no repository: npm publishes with provenance from the repository that it names alone';
  console.error(`${missing}. Set it to the address, such as "git+https://host/owner/onbehalf.git"`);
  if (!dryRun) process.exit(1);
} else {
  const stale = manifests().filter((path) => !tells(path, url));
  for (const path of dryRun ? [] : stale) tell(path, url);
  if (stale.length > 0 && !dryRun) {
    console.error(`repository was written into ${stale.length} manifests: commit them, then release`);
    process.exit(1);
  }
}
const { status } = spawnSync('nx', ['release', '--skip-publish', ...args], { stdio: 'inherit', cwd: root });
process.exit(status ?? 1);

/** The manifests of all that is published. */
function manifests(): string[] {
  const paths = globSync(['libs/*/package.json', 'libs/features/*/package.json'], { cwd: root });
  return paths.map((path) => join(root, path)).filter((path) => !read(path).private);
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

function repositoryUrl({ repository }: Manifest): string | undefined {
  return typeof repository === 'string' ? repository : repository?.url;
}

function tells(path: string, expected: string): boolean {
  const { repository } = read(path);
  const directory = relative(root, dirname(path));
  return typeof repository === 'object' && repository.url === expected && repository.directory === directory;
}

function tell(path: string, address: string): void {
  const repository = { type: 'git', url: address, directory: relative(root, dirname(path)) };
  const entries = Object.entries(read(path)).filter(([name]) => name !== 'repository');
  const behind = entries.findIndex(([name]) => name === 'license') + 1;
  entries.splice(behind, 0, ['repository', repository]);
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
}
