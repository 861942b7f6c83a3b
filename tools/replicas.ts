/** Two replicas of auth-server behind the load balancer of `docker-compose.yml`, as processes of their own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, RunningApp, type Settings } from './system.ts';

const balancerPath = fileURLToPath(new URL('../deploy/load-balancer.mjs', import.meta.url));
const BALANCER_READY_WITHIN = 10_000;
const BALANCER_LOOKS_EVERY = 2_000;

/** Replicas that share a database and nothing else. */
export class Replicas {
  /** The address of the load balancer. */
  readonly issuer: string;
  /** What both were started with; a command needs the same to work on their database. */
  readonly settings: Settings;
  readonly #apps: RunningApp[];
  readonly #balancer: ChildProcess;

  private constructor(port: number, appPorts: readonly number[], settings: Settings) {
    this.issuer = `http://localhost:${port}`;
    // the load balancer asks every second
    this.settings = { ISSUER: this.issuer, SHUTDOWN_DELAY: '2', ...settings };
    // at once: they migrate and make keys at the same moment
    this.#apps = appPorts.map((appPort) => new RunningApp('auth-server', appPort, this.settings));
    const env = { PATH: process.env['PATH'], PORT: String(port), HOST: '127.0.0.1', UPSTREAMS: this.urls.join(',') };
    this.#balancer = spawn(process.execPath, [balancerPath], { env, stdio: 'inherit' });
  }

  /** Starts them on a database of PostgreSQL and waits until they are ready. */
  static async up(databaseUrl: string, settings: Settings = {}): Promise<Replicas> {
    const [port, ...appPorts] = [await freePort(), await freePort(), await freePort()];
    const database = { DATABASE_URL: databaseUrl, ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    const replicas = new Replicas(port, appPorts, { ...database, ...settings });
    try {
      await Promise.all(replicas.#apps.map((app) => app.ready()));
      await replicas.#balanced();
    } catch (error) {
      await replicas.down();
      throw error;
    }
    return replicas;
  }

  /** The addresses of the replicas themselves. */
  get urls(): readonly string[] {
    return this.#apps.map(({ url }) => url);
  }

  app(index: number): RunningApp {
    const app = this.#apps[index];
    if (!app) throw new Error(`there is no replica ${index}`);
    return app;
  }

  /** Starts a replica in place of one that has ended, and waits until it and the load balancer are ready. */
  async replace(index: number): Promise<void> {
    const port = Number(new URL(this.app(index).url).port);
    const app = new RunningApp('auth-server', port, this.settings);
    this.#apps[index] = app;
    await app.ready();
    // the load balancer asks every second
    await sleep(BALANCER_LOOKS_EVERY);
  }

  async down(): Promise<void> {
    this.#balancer.kill();
    await Promise.all(this.#apps.map((app) => app.stop()));
  }

  async #balanced(): Promise<void> {
    const end = Date.now() + BALANCER_READY_WITHIN;
    for (;;) {
      const answer = await fetch(`${this.issuer}/health/ready`).catch(() => undefined);
      if (answer?.ok) return;
      if (Date.now() > end) throw new Error('the load balancer did not become ready');
      await sleep(50);
    }
  }
}
