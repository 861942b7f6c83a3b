/** Two replicas of auth-server as processes of their own, behind one address. */
import { randomBytes } from 'node:crypto';
import { Relay } from './relay.ts';
import { freePort, RunningApp, type Settings } from './system.ts';

/** Replicas that share a database and nothing else. */
export class Replicas {
  /** The address of them all. */
  readonly issuer: string;
  /** What both were started with; a command needs the same to work on their database. */
  readonly settings: Settings;
  readonly #apps: RunningApp[];
  readonly #relay: Relay;

  private constructor(port: number, appPorts: readonly number[], settings: Settings) {
    this.issuer = `http://localhost:${port}`;
    // the relay asks every second
    this.settings = { ISSUER: this.issuer, SHUTDOWN_DELAY: '2', ...settings };
    // at once: they migrate and make keys at the same moment
    this.#apps = appPorts.map((appPort) => new RunningApp('auth-server', appPort, this.settings));
    this.#relay = new Relay(port, appPorts);
  }

  /** Starts them on a database of PostgreSQL and waits until they are ready. */
  static async up(databaseUrl: string, settings: Settings = {}): Promise<Replicas> {
    const [port, ...appPorts] = [await freePort(), await freePort(), await freePort()];
    const database = { DATABASE_URL: databaseUrl, ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    const replicas = new Replicas(port, appPorts, { ...database, ...settings });
    try {
      await Promise.all(replicas.#apps.map((app) => app.ready()));
      await replicas.#relay.look();
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

  /** Starts a replica in place of one that has ended, and waits until it is ready and reached. */
  async replace(index: number): Promise<void> {
    const port = Number(new URL(this.app(index).url).port);
    const app = new RunningApp('auth-server', port, this.settings);
    this.#apps[index] = app;
    await app.ready();
    await this.#relay.look();
  }

  async down(): Promise<void> {
    await this.#relay.close();
    await Promise.all(this.#apps.map((app) => app.stop()));
  }
}
