import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverUser, WITH_PARENT } from './server-process.js';

/** Where Debian and Ubuntu keep PostgreSQL, by version. */
export const INSTALLED = '/usr/lib/postgresql';
const START_TIMEOUT = 30_000;

/** The programs of the newest PostgreSQL that is installed. */
export function findBinaries(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const versions = readdirSync(INSTALLED).sort((left, right) => Number(right) - Number(left));
  return versions.map((version) => join(INSTALLED, version, 'bin')).find((path) => existsSync(join(path, 'initdb')));
}

/** A folder for one server, and how its programs are run in it. */
export class PostgresFolder {
  readonly directory = mkdtempSync(join(tmpdir(), 'onbehalf-postgres-'));
  readonly #binaries: string;
  readonly #options;

  constructor(binaries: string) {
    this.#binaries = binaries;
    const owner = serverUser();
    if (owner) execFileSync('chown', [`${owner.uid}:${owner.gid}`, this.directory]);
    this.#options = { ...owner, cwd: this.directory, stdio: 'ignore' } as const;
  }

  get data(): string {
    return join(this.directory, 'data');
  }

  /** Writes a file that the server may read, and nobody else. */
  write(name: string, content: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    if (this.#options.uid !== undefined) chownSync(path, this.#options.uid, this.#options.gid!);
    return path;
  }

  run(program: string, ...args: readonly string[]): void {
    execFileSync(join(this.#binaries, program), args, this.#options);
  }

  /** Starts the server and waits until it answers. */
  async start(port: number, settings: Readonly<Record<string, string | number>>): Promise<ChildProcess> {
    const flags = asFlags({
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.directory,
      max_connections: 200,
      ...settings,
    });
    // a test process that is killed, or ends without a word, takes its server along
    const command = [...WITH_PARENT, join(this.#binaries, 'postgres'), '-D', this.data, ...flags];
    const started = spawn(command[0] as string, command.slice(1), this.#options);
    await ready(this.#binaries, port, started);
    return started;
  }
}

/** Ends a server at once, as a crash does. */
export async function crashed(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const exit = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGQUIT');
  await exit;
}

function asFlags(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function ready(binaries: string, port: number, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && server.exitCode === null) {
    const probe = spawn(join(binaries, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)], {
      stdio: 'ignore',
    });
    const code = await new Promise((resolve) => probe.once('exit', resolve));
    if (code === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  server.kill('SIGQUIT');
  throw new Error(`PostgreSQL did not start on port ${port}`);
}
