/** A commit of this repository, checked out and built beside the others. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Store from '@onbehalf/authorization-store';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface BuiltTree {
  readonly commit: string;
  /** Its folder, with a slash at the end. */
  readonly path: string;
  /** Its own store, which makes the schema as it was then. */
  readonly openStore: typeof Store.openStore;
  remove(): void;
}

/**
 * Checks the commit out within the folder that builds are kept in, on the same file system, where modules are links.
 * @throws Error when there is no such commit, or it does not build
 */
export async function buildTree(revision: string): Promise<BuiltTree> {
  const commit = run('git', ['rev-parse', '--short', '--verify', `${revision}^{commit}`]);
  mkdirSync(join(root, '.nx'), { recursive: true });
  const path = `${mkdtempSync(join(root, '.nx', `tree-${commit}-`))}/`;
  const remove = (): void => {
    spawnSync('git', ['worktree', 'remove', '--force', path], { cwd: root });
    rmSync(path, { recursive: true, force: true });
  };
  process.once('exit', remove);
  run('git', ['worktree', 'add', '--detach', '--force', path, commit]);
  if (isSame('package-lock.json', path)) linkModules(path);
  else run('npm', ['ci', '--no-audit', '--no-fund', '--silent'], path);
  run(`${path}node_modules/.bin/tsc`, ['-b', 'apps/auth-server/tsconfig.app.json'], path);
  const store = `${path}libs/authorization-store/dist/index.js`;
  const { openStore } = (await import(pathToFileURL(store).href)) as typeof Store;
  return { commit, path, openStore, remove };
}

function isSame(file: string, path: string): boolean {
  return readFileSync(root + file, 'utf8') === readFileSync(path + file, 'utf8');
}

/** Links of files, and the symbolic links of the workspace as they are: they lead into the new tree. */
function linkModules(path: string): void {
  run('cp', ['-al', `${root}node_modules`, `${path}node_modules`]);
  const nested = run('git', ['ls-files', '*/package.json']).split('\n');
  for (const folder of nested.map((file) => `${file.slice(0, -'package.json'.length)}node_modules`)) {
    if (existsSync(root + folder) && existsSync(join(path, folder, '..')))
      run('cp', ['-al', root + folder, path + folder]);
  }
}

function run(command: string, args: readonly string[], cwd = root): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? (stderr || stdout)}`);
}
