import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../tools/system.ts';
import { until } from './until.js';

const file = new URL('../../deploy/haproxy.cfg', import.meta.url);

/** HAProxy as docker-compose.yml has it, by the same file, before one replica. */
export class Balancer {
  readonly #process: ChildProcess;

  private constructor(
    process: ChildProcess,
    readonly url: string,
  ) {
    this.#process = process;
  }

  /** Why there can be none here. */
  static missing(): string | undefined {
    return spawnSync('haproxy', ['-v']).status === 0 ? undefined : 'haproxy is not installed';
  }

  /** @param server the URL of the replica */
  static async before(server: string): Promise<Balancer> {
    const port = await freePort();
    const path = join(mkdtempSync(join(tmpdir(), 'haproxy-')), 'haproxy.cfg');
    writeFileSync(path, configuration(port, new URL(server).port));
    const process = spawn('haproxy', ['-f', path], { stdio: 'ignore' });
    const url = `http://localhost:${port}`;
    await until(async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.status === 200);
    return new Balancer(process, url);
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    await once(this.#process, 'exit');
  }
}

/** One replica on this machine in the place of two by the names of their containers, so that half as many requests wait. */
function configuration(port: number, server: string): string {
  return readFileSync(file, 'utf8')
    .replace('bind :9001', `bind 127.0.0.1:${port}`)
    .replace(/^resolvers docker\n(?: .*\n)*/m, '')
    .replaceAll(' resolvers docker', '')
    .replace('queue ge 64', 'queue ge 32')
    .replaceAll(/^ *server auth-server-2.*\n/gm, '')
    .replaceAll('auth-server-1:9001', `127.0.0.1:${server}`)
    .replace('log stdout format raw local0', '');
}
