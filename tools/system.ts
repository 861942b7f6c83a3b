/** Starts the built apps as processes of their own: the demo, the tests and the benchmarks run the same scenario. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { repeatedKey } from './repeated-key.ts';
import { APPS, DEMO, PROCESSES, wiring, type AppName, type Settings } from './processes.ts';

export { APPS, DEFAULT_PORTS, DEMO, type AppName, type Settings } from './processes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where Node.js keeps what it has compiled, so that the next start of an app takes less. */
const COMPILED = join(tmpdir(), 'onbehalf-compiled');
const STOP_WITHIN = 15_000;
/** An idle machine takes two seconds; this is for one that has much else to do. Milliseconds. */
const READY_WITHIN = 30_000;

/** One app as a process. */
export class RunningApp {
  readonly name: AppName;
  readonly url: string;
  /** Every line that the app has printed. */
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #exit: Promise<number | null>;

  /** @param tree the folder, with a slash at its end, in which the apps are built */
  constructor(
    name: AppName,
    port: number,
    settings: Settings,
    onLine?: (app: AppName, line: string) => void,
    tree = root,
  ) {
    this.name = name;
    this.url = `http://localhost:${port}`;
    const folder = `${tree}apps/${PROCESSES[name].app}`;
    this.#process = spawn(process.execPath, [`${folder}/dist/main.js`], {
      cwd: folder,
      env: {
        ...{ PATH: process.env['PATH'], NODE_ENV: process.env['NODE_ENV'], PORT: String(port) },
        NODE_COMPILE_CACHE: COMPILED,
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exit = once(this.#process, 'exit').then(([code]) => code as number | null);
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      createInterface(stream).on('line', (line) => {
        this.lines.push(line);
        onLine?.(name, line);
      });
    }
  }

  /** @throws Error when the process could not be started */
  get pid(): number {
    if (this.#process.pid === undefined) throw new Error(`${this.name} is not started`);
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** The exit code, once the process has ended; `null` when a signal ended it. */
  get exit(): Promise<number | null> {
    return this.#exit;
  }

  /**
   * Waits until the app answers with 200 at `path`.
   * @throws Error with what the app printed, when it ends or the time (milliseconds) is over
   */
  async ready(path = '/health/ready', within = READY_WITHIN): Promise<void> {
    const deadline = Date.now() + within;
    while (Date.now() < deadline) {
      if (!this.running) break;
      const answer = await fetch(this.url + path).catch(() => undefined);
      if (answer?.ok) return;
      await sleep(50);
    }
    throw new Error(`${this.name} did not become ready:\n${this.lines.slice(-20).join('\n')}`);
  }

  /**
   * Waits until the app has printed a line with `text`.
   * @throws Error when the time (milliseconds) is over
   */
  async printed(text: string, within = 5_000): Promise<void> {
    const deadline = Date.now() + within;
    while (!this.lines.some((line) => line.includes(text))) {
      if (Date.now() > deadline) throw new Error(`${this.name} has not printed ${text}`);
      await sleep(20);
    }
  }

  /**
   * Asks the process to stop, as Ctrl-C does, and waits until it has; ends it by force when it does not.
   * @throws Error for a line of its log in which a key stands twice
   */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.running) this.#process.kill(signal);
    const force = setTimeout(() => this.#process.kill('SIGKILL'), STOP_WITHIN);
    try {
      const code = await this.#exit;
      for (const line of this.lines) checkKeys(this.name, line);
      return code;
    } finally {
      clearTimeout(force);
    }
  }
}

/** The processes of the demo, wired to each other. */
export class System {
  readonly ports: Readonly<Record<AppName, number>>;
  readonly #settings: Settings;
  readonly #onLine: ((app: AppName, line: string) => void) | undefined;
  readonly #apps = new Map<AppName, RunningApp>();

  constructor(
    ports: Readonly<Record<AppName, number>>,
    settings: Settings = {},
    onLine?: (app: AppName, line: string) => void,
  ) {
    this.ports = ports;
    this.#settings = settings;
    this.#onLine = onLine;
  }

  /** A system on free ports that shares nothing with another one: its database is in memory unless told. */
  static async onFreePorts(settings: Settings = {}): Promise<System> {
    const ports = await Promise.all(DEMO.map(freePort));
    const byApp = Object.fromEntries(DEMO.map((app, i) => [app, ports[i]!])) as Record<AppName, number>;
    return new System(byApp, { DATABASE_URL: 'sqlite::memory:', ...settings });
  }

  url(app: AppName): string {
    return `http://localhost:${this.ports[app]}`;
  }

  app(app: AppName): RunningApp {
    const running = this.#apps.get(app);
    if (!running) throw new Error(`${app} is not started`);
    return running;
  }

  /** Starts these apps without waiting for them. */
  start(...apps: readonly AppName[]): readonly RunningApp[] {
    const url = (name: string): string => this.url(name as AppName);
    const given = { ...wiring(url), ...this.#settings };
    return apps.map((name) => {
      const settings = { ...given, ...PROCESSES[name].settings?.(url, given) };
      const running = new RunningApp(name, this.ports[name], settings, this.#onLine);
      this.#apps.set(name, running);
      return running;
    });
  }

  /** Starts these apps, those of the first domain unless told, and waits until each is ready. */
  async up(...apps: readonly AppName[]): Promise<this> {
    const started = this.start(...(apps.length ? apps : APPS));
    try {
      await Promise.all(started.map((app) => app.ready()));
    } catch (error) {
      await this.down();
      throw error;
    }
    return this;
  }

  /** Stops every app. */
  async down(): Promise<void> {
    await Promise.all([...this.#apps.values()].map((app) => app.stop()));
  }

  /** Everything that the apps have printed. */
  output(): string {
    return [...this.#apps.values()].flatMap(({ lines }) => lines).join('\n');
  }
}

function checkKeys(app: AppName, line: string): void {
  const key = repeatedKey(line);
  if (key !== undefined) throw new Error(`${app} has logged ${key} twice: ${line}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
