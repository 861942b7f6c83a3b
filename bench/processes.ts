/** Starts what is measured as processes of their own, and ends them. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, RunningApp, type AppName, type Settings } from '../tools/system.ts';
import type { BuiltTree } from './built-tree.ts';
import { fill, fillFile, type Filling, type Subjects } from './filling.ts';
import { disconnect } from './http-client.ts';
import { serverConfig, type ConfigPlan } from './server-config.ts';
import type { Keys } from './tokens.ts';

/** Milliseconds that a server of the benchmark has to end by itself. */
const GRACE = 2000;

export interface AuthServerPlan extends ConfigPlan, Omit<Filling, 'issuer'> {
  /** Default: a SQLite file. */
  readonly databaseUrl?: string;
  readonly settings?: Settings;
  /** Where the server is built. Default: in this tree. */
  readonly tree?: Pick<BuiltTree, 'path' | 'openStore'>;
  /** Another server whose issuer and subject tokens it shares. */
  readonly replicaOf?: AuthServer;
}

export interface AuthServer {
  readonly issuer: string;
  readonly url: string;
  readonly app: RunningApp;
  readonly pid: number;
  /** From the start of the process until it said that it was ready. */
  readonly seconds: number;
  readonly subjects: Subjects;
}

/** A small server of the benchmark itself. */
export interface Served {
  readonly url: string;
  readonly pid: number;
  /** Sends it a message over the channel between the processes. */
  tell(message: object): void;
}

/** Everything that one case has started. */
export class Stage {
  readonly keys: Keys;
  readonly #scratch = mkdtempSync(join(tmpdir(), 'onbehalf-bench-'));
  #stops: (() => Promise<unknown>)[] = [];
  #files = 0;

  constructor(keys: Keys) {
    this.keys = keys;
  }

  /** A path for a file of this run. */
  path(name: string): string {
    return join(this.#scratch, `${this.#files++}-${name}`);
  }

  write(name: string, content: unknown): string {
    const path = this.path(name);
    writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
    return path;
  }

  /** Ends something when the case is over. */
  later(stop: () => Promise<unknown>): void {
    this.#stops.push(stop);
  }

  /** One of the built apps, ready. Default: on a free port. */
  async app(name: AppName, settings: Settings, port?: number, tree?: string): Promise<RunningApp> {
    const app = new RunningApp(name, port ?? (await freePort()), settings, undefined, tree);
    this.later(() => app.stop());
    await app.ready('/health/ready', 60_000);
    return app;
  }

  /** The authorization server as it is built, with audit on, on a database of its own unless told. */
  async authServer(plan: AuthServerPlan = {}): Promise<AuthServer> {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const issuer = plan.replicaOf?.issuer ?? url;
    const file = join(this.path('store'), 'store.db');
    const databaseUrl = plan.databaseUrl ?? `sqlite:${file}`;
    const filling = { ...plan, issuer, ...(plan.tree && { openStore: plan.tree.openStore }) };
    const subjects =
      plan.replicaOf?.subjects ??
      (await (plan.databaseUrl === undefined
        ? fillFile(file, this.keys, filling)
        : fill(databaseUrl, this.keys, filling)));
    const started = performance.now();
    const app = await this.app(
      'auth-server',
      {
        ISSUER: issuer,
        DATABASE_URL: databaseUrl,
        AUTH_SERVER_CONFIG: this.write('config.json', serverConfig(plan)),
        SIGNING_KEYS_FILE: this.write('keys.json', this.keys.jwks),
        ...(plan.encryptionKey && { ENCRYPTION_KEYS: plan.encryptionKey }),
        ...plan.settings,
      },
      port,
      plan.tree?.path,
    );
    const seconds = (performance.now() - started) / 1000;
    return { issuer, url, app, pid: app.pid, seconds, subjects };
  }

  /** One of `servers/`, which says where it listens over the channel between the processes. */
  async serve(name: string, settings: Settings = {}): Promise<Served> {
    const path = fileURLToPath(new URL(`servers/${name}.ts`, import.meta.url));
    const child = fork(path, {
      env: { PATH: process.env['PATH'], ...settings },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.later(() => end(child));
    const [{ port }] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`${name} has ended`))),
    ])) as [{ port: number }];
    const tell = (message: object): void => void child.send(message);
    return { url: `http://127.0.0.1:${port}`, pid: child.pid!, tell };
  }

  /** Ends what was started, the last first. */
  async clear(): Promise<void> {
    disconnect();
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }

  async close(): Promise<void> {
    await this.clear();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  // not a signal, which would leave no time to write a profile
  if (child.connected) child.disconnect();
  const late = setTimeout(() => child.kill('SIGKILL'), GRACE);
  await exit;
  clearTimeout(late);
}
