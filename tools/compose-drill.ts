/**
 * Runs docker-compose.yml for real and hurts it: hostile request targets, a replica that is killed under load, PostgreSQL away for
 * 30 s, five times the load that is served. `node tools/compose-drill.ts`, with Docker running and the demo's ports free.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SERVER = 'http://127.0.0.1:9001';
const SECONDS = 1_000;
let failures = 0;

/** The balancer goes nowhere but to the replicas, and what it cannot read harms nobody. */
async function hostileTargets(): Promise<void> {
  const targets = [
    '//other-host/x',
    'http://other-host/x',
    '//[',
    '/oauth2/token\\#x',
    '/oauth2/token#x',
    '/oauth2//token',
  ];
  for (const target of targets) {
    const status = await statusOf(target);
    check(`GET ${target}`, status === 400 || status === 404, `status ${status}`);
  }
  check('and goes on', (await token()) === 200, 'a token is issued');
}

async function killedReplica(): Promise<void> {
  const load = new Load(8);
  await sleep(3 * SECONDS);
  const before = load.take();
  // from outside, so that Docker takes it for a crash
  process.kill(Number(docker('inspect', '-f', '{{.State.Pid}}', container('auth-server-1')).trim()), 'SIGKILL');
  await sleep(5 * SECONDS);
  const after = load.take();
  const restarted = until(
    'the replica is back',
    () => Promise.resolve(health('auth-server-1') === 'healthy'),
    90 * SECONDS,
  );
  await restarted;
  await sleep(2 * SECONDS);
  const back = load.take();
  await load.end();
  check('before the kill', all(before, 200), describe(before));
  const lost = count(after) - (after.get(200) ?? 0);
  check(
    'one replica killed under load: only what it had begun is lost',
    lost <= 8 && after.get(200)! > 0,
    describe(after),
  );
  check('started anew by Docker, and taken in', all(back, 200), describe(back));
}

async function databaseAway(): Promise<void> {
  const load = new Load(4);
  compose('stop', '-t', '2', 'postgres');
  await sleep(5 * SECONDS);
  load.take();
  await sleep(25 * SECONDS);
  const away = load.take();
  compose('start', 'postgres');
  const began = Date.now();
  await until('a token is issued again', async () => (await token()) === 200, 60 * SECONDS);
  const took = (Date.now() - began) / SECONDS;
  await load.end();
  check(
    'PostgreSQL away: nothing but 5xx',
    [...away.keys()].every((status) => status >= 500),
    describe(away),
  );
  check('PostgreSQL back: served within 10 s', took < 10, `after ${took} s`);
}

/** Closed loops, so that "times" is callers: 8 keep it busy, 400 are far more than it can serve at once. */
async function overload(): Promise<void> {
  const [quiet, busy] = [new Load(8), () => new Load(400)];
  await sleep(5 * SECONDS);
  const served = quiet.take().get(200) ?? 0;
  await quiet.end();
  const load = busy();
  await sleep(2 * SECONDS);
  load.take();
  await sleep(5 * SECONDS);
  const under = load.take();
  await load.end();
  const goodput = (under.get(200) ?? 0) / served;
  check('overload is shed with 503', (under.get(503) ?? 0) > 0, describe(under));
  check('goodput under overload ≥ 0.9', goodput >= 0.9, goodput.toFixed(2));
}

/** Callers that ask for a token, wait for the answer and ask again; a refused one comes back when it is told to. */
class Load {
  #statuses = new Map<number, number>();
  #ending = false;
  readonly #callers: Promise<void>[];

  constructor(callers: number) {
    this.#callers = Array.from({ length: callers }, () => this.#call());
  }

  /** The answers since the last time, by status; 0 for none. */
  take(): Map<number, number> {
    const taken = this.#statuses;
    this.#statuses = new Map();
    return taken;
  }

  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#callers);
  }

  async #call(): Promise<void> {
    while (!this.#ending) {
      const status = await token();
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
      if (status !== 200) await sleep(100);
    }
  }
}

async function token(): Promise<number> {
  const authorization = `Basic ${Buffer.from('user-service:user-service-secret').toString('base64')}`;
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'user.read' });
  try {
    const answer = await fetch(`${SERVER}/oauth2/token`, { method: 'POST', body, headers: { authorization } });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

async function statusOf(target: string): Promise<number> {
  const socket = connect(9001, '127.0.0.1');
  socket.end(`GET ${target} HTTP/1.1\r\nHost: localhost:9001\r\nConnection: close\r\n\r\n`);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  await once(socket, 'close');
  return Number(answer.split(' ', 2)[1]);
}

function compose(...args: readonly string[]): string {
  const plugin = spawnSync('docker', ['compose', 'version']).status === 0;
  return plugin ? run('docker', ['compose', ...args]) : run('docker-compose', args);
}

function docker(...args: readonly string[]): string {
  return run('docker', args);
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function container(service: string): string {
  return compose('ps', '-q', service).trim();
}

function health(service: string): string {
  return docker('inspect', '-f', '{{.State.Health.Status}}', container(service)).trim();
}

async function until(what: string, isSo: () => Promise<boolean>, within: number): Promise<void> {
  const end = Date.now() + within;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await sleep(200);
  }
}

function check(what: string, holds: boolean, seen: string): void {
  if (!holds) failures += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'}  ${what}: ${seen}`);
}

function all(statuses: ReadonlyMap<number, number>, status: number): boolean {
  return statuses.size === 1 && statuses.has(status);
}

function count(statuses: ReadonlyMap<number, number>): number {
  return [...statuses.values()].reduce((sum, each) => sum + each, 0);
}

function describe(statuses: ReadonlyMap<number, number>): string {
  return [...statuses].map(([status, times]) => `${times} × ${status || 'no answer'}`).join(', ') || 'nothing';
}

compose('up', '-d');
await until('client-app is ready', async () => (await fetch('http://127.0.0.1:8080/health/ready')).ok, 120 * SECONDS);
await hostileTargets();
await killedReplica();
await databaseAway();
await overload();
if (process.argv.includes('--down')) compose('down', '-v');
process.exit(failures === 0 ? 0 : 1);
