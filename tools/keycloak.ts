/** Runs Keycloak from Maven Central, where Java and Maven are there: the realm of `examples/keycloak` for the apps as they are. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Runs on Java 17, and knows standard token exchange (26.2 and later). */
export const KEYCLOAK_VERSION = '26.7.3';
export const REALM_FILE = fileURLToPath(new URL('../examples/keycloak/realm.json', import.meta.url));

/** Milliseconds. A start builds what it runs, which takes minutes on a machine that is busy. */
const READY_WITHIN = 480_000;
const LEAST_JAVA = 17;

/** Why Keycloak cannot be run here; `undefined` when it can. Asks Maven Central, once. */
function keycloakMissing(): string | undefined {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const [, version] = /version "(\d+)/.exec(java.stderr ?? '') ?? [];
  if (version === undefined || Number(version) < LEAST_JAVA) return `it needs Java ${LEAST_JAVA} or newer as "java"`;
  if (spawnSync('mvn', ['-v']).status !== 0) return 'it needs Maven as "mvn"';
  if (existsSync(unpacked())) return undefined;
  const artifact = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:zip`;
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:unpack';
  const fetched = spawnSync('mvn', ['-q', goal, `-Dartifact=${artifact}`, `-DoutputDirectory=${cache()}`]);
  return fetched.status === 0 && existsSync(unpacked()) ? undefined : `Maven Central did not give ${artifact}`;
}

function cache(): string {
  return join(tmpdir(), 'onbehalf-keycloak');
}

function unpacked(): string {
  return join(cache(), `keycloak-${KEYCLOAK_VERSION}`);
}

/** A Keycloak of its own, on loopback, with its database in a file that goes with it. */
export class Keycloak {
  readonly issuer: string;
  readonly #home: string;
  readonly #process: ChildProcess;
  readonly #lines: string[] = [];

  private constructor(home: string, port: number) {
    this.#home = home;
    this.issuer = `http://localhost:${port}/realms/onbehalf`;
    const args = [`${home}/bin/kc.sh`, 'start-dev', '--import-realm', '--http-host=127.0.0.1', `--http-port=${port}`];
    const env = { ...process.env, JAVA_OPTS_KC_HEAP: '-Xmx700m' };
    // the script runs Java in a process of its own: both end as one group
    this.#process = spawn('bash', args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.on('data', (chunk: Buffer) => this.#lines.push(chunk.toString()));
    }
  }

  /**
   * Starts it and waits until it answers.
   * @param clientAppUrl where client-app is, in place of the address of the realm file
   */
  static async start(port: number, clientAppUrl: string): Promise<Keycloak> {
    const missing = keycloakMissing();
    if (missing !== undefined) throw new Error(`Keycloak cannot be run here: ${missing}`);
    const home = mkdtempSync(join(tmpdir(), 'keycloak-'));
    cpSync(unpacked(), home, { recursive: true });
    mkdirSync(join(home, 'data/import'), { recursive: true });
    const realm = readFileSync(REALM_FILE, 'utf8').replaceAll('http://localhost:8080', clientAppUrl);
    writeFileSync(join(home, 'data/import/realm.json'), realm);
    const keycloak = new Keycloak(home, port);
    await keycloak.#ready();
    return keycloak;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.pid !== undefined) {
      const exit = once(this.#process, 'exit');
      process.kill(-this.#process.pid, 'SIGTERM');
      await exit;
    }
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const end = Date.now() + READY_WITHIN;
    while (Date.now() < end && this.#process.exitCode === null) {
      const answer = await fetch(`${this.issuer}/.well-known/openid-configuration`).catch(() => undefined);
      if (answer?.ok) return;
      await sleep(500);
    }
    const told = this.#lines.join('').split('\n').slice(-20).join('\n');
    await this.stop();
    throw new Error(`Keycloak did not become ready:\n${told}`);
  }
}
