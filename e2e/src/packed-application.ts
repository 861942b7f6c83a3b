import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(root, 'node_modules/typescript/bin/tsc');
/** Arguments of npm. */
export const INSTALL = [
  'install',
  '--no-audit',
  '--no-fund',
  '--ignore-scripts',
  '--prefer-offline',
  '--loglevel=error',
];

/** Runs a command as outside of this workspace: none of its settings reaches the command. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  settings: Record<string, string> = {},
): string {
  process.stderr.write(`${command} ${args.join(' ')}\n`);
  const own = Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS$|npm_)/i.test(name));
  const env = { ...Object.fromEntries(own), ...settings };
  try {
    return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout ?? ''}${stderr ?? ''}`, { cause: error });
  }
}

/** The libraries, by their folders below libs, as they would be published. Returns the tarballs by the names of the packages. */
export function packLibraries(names: readonly string[], folder: string): Readonly<Record<string, string>> {
  run(process.execPath, [TSC, '-b', ...names.map((name) => join(root, 'libs', name, 'tsconfig.lib.json'))], root);
  const workspaces = names.flatMap((name) => ['--workspace', join('libs', name)]);
  run('npm', ['pack', '--silent', '--pack-destination', folder, ...workspaces], root);
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  return Object.fromEntries(
    tarballs.map((file) => [file.replace(/^onbehalf-(.*)-\d.*$/, '@onbehalf/$1'), join(folder, file)]),
  );
}

/** One of the applications, in a folder of its own, with the packed libraries. */
export class PackedApplication {
  readonly folder = mkdtempSync(join(tmpdir(), 'onbehalf-application-'));
  #process: ChildProcess | undefined;

  /** Builds it by each of its `tsconfig` files. @param tarballs that it depends on, by name */
  constructor(name: string, tarballs: Readonly<Record<string, string>>) {
    cpSync(join(root, 'e2e/applications', name), this.folder, { recursive: true });
    const file = join(this.folder, 'package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
    for (const [library, tarball] of Object.entries(tarballs)) manifest.dependencies[library] = `file:${tarball}`;
    writeFileSync(file, JSON.stringify(manifest));
    run('npm', INSTALL, this.folder);
    for (const settings of readdirSync(this.folder).filter((file) => file.startsWith('tsconfig.'))) {
      run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', settings], this.folder);
    }
  }

  /** What one of its development tools prints. */
  tool(path: string, args: readonly string[] = [], settings: Record<string, string> = {}): string {
    return run(process.execPath, [join('node_modules', path), ...args], this.folder, settings);
  }

  /** Starts it. Returns what its first line says. */
  async start<Said>(settings: Record<string, string>): Promise<Said> {
    const [process, said] = await this.#run<Said>('dist/main.js', settings);
    this.#process = process;
    return said;
  }

  /** Starts another program of it. `stop` gives the exit code. */
  async startBeside<Said>(
    program: string,
    settings: Record<string, string>,
  ): Promise<{ readonly said: Said; readonly stop: () => Promise<unknown> }> {
    const [process, said] = await this.#run<Said>(program, settings);
    const stop = async (): Promise<unknown> => {
      const exited = once(process, 'exit');
      process.kill();
      return (await exited)[0] as unknown;
    };
    return { said, stop };
  }

  async #run<Said>(program: string, settings: Record<string, string>): Promise<[ChildProcess, Said]> {
    const env = { PATH: process.env['PATH'], ...settings };
    const child = spawn(process.execPath, [program], { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    const lines = createInterface(child.stdout);
    const [line] = (await once(lines, 'line', { signal: AbortSignal.timeout(20_000) })) as [string];
    return [child, JSON.parse(line) as Said];
  }

  async remove(): Promise<void> {
    if (this.#process?.exitCode === null) {
      this.#process.kill();
      await once(this.#process, 'exit');
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
