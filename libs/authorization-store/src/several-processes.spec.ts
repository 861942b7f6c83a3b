import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { openStore } from './open-store.js';
import { AlreadyConsumed } from './provider/provider-adapter.js';

/** Few in a test run; `npm run soak` asks for more. */
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 20);
const KILLS = Number(process.env['SOAK_KILLS'] ?? 2);
const CONCURRENCY = 50;

const key = Buffer.alloc(32, 1).toString('base64');
const databases = await testDatabases();
const testing = createRequire(import.meta.url).resolve('@onbehalf/testing-internal');
const fromSource = fileURLToPath(new URL('../from-source.mjs', `file://${testing}`));

function start(script: string, ...args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(`../processes/${script}.mjs`, import.meta.url));
  const execArgv = ['--conditions=@onbehalf/source', '--import', fromSource];
  return fork(path, args, { execArgv, env: { PATH: process.env['PATH'] } });
}

describe.each(databases)('several processes on one $name', (kind) => {
  let directory: string;
  let url: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-processes-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
  });
  afterEach(async () => {
    const running = children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(running.map((child) => (child.kill('SIGKILL'), once(child, 'exit'))));
    await rm(directory, { recursive: true });
  });
  afterAll(() => kind.stop());

  it(`let exactly one of 2 × ${CONCURRENCY} concurrent uses through, of a jti, a code and a refresh token, in each of ${ROUNDS} rounds`, async () => {
    const store = await openStore({ url, encryptionKeys: [key] });
    children.push(start('single-use', url, key), start('single-use', url, key));
    await Promise.all(children.map((child) => once(child, 'message')));
    for (let round = 0; round < ROUNDS; round += 1) {
      await store.providerAdapter('AuthorizationCode').upsert(`code-${round}`, {}, 600);
      await store.providerAdapter('RefreshToken').upsert(`token-${round}`, {}, 600);
      const answers = children.map((child) => once(child, 'message') as Promise<[Record<string, number>]>);
      for (const child of children) child.send({ round, concurrency: CONCURRENCY });
      const [[first], [second]] = (await Promise.all(answers)) as [[Record<string, number>], [Record<string, number>]];
      const total = (name: string) => (first[name] ?? 0) + (second[name] ?? 0);
      expect({ round, jti: total('jti'), code: total('code'), token: total('token') }).toEqual({
        round,
        jti: 1,
        code: 1,
        token: 1,
      });
    }
    await store.close();
  }, 600_000);

  it(`lose nothing that was acknowledged, and let no used token be used again, when killed ${KILLS} times under load`, async () => {
    const issued = new Set<string>();
    const consumed = new Set<string>();
    const recorded: { sequence: number; writer: string; id: string }[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = start('acknowledge', url, key, `run-${kill}`);
      children.push(child);
      const enough = 200 + Math.floor(Math.random() * 400);
      let messages = 0;
      await new Promise<void>((resolve) => {
        child.on('message', (message: { issued?: string; consumed?: string; recorded?: (typeof recorded)[number] }) => {
          if (message.issued) issued.add(message.issued);
          if (message.consumed) consumed.add(message.consumed);
          if (message.recorded) recorded.push(message.recorded);
          if ((messages += 1) === enough) child.kill('SIGKILL');
        });
        child.once('close', () => resolve());
      });
      expect(messages).toBeGreaterThanOrEqual(enough);
    }
    const store = await openStore({ url, encryptionKeys: [key] });
    const tokens = store.providerAdapter('RefreshToken');
    for (const id of issued) expect(await tokens.find(id)).toMatchObject({ jti: id });
    for (const id of consumed) await expect(tokens.consume(id)).rejects.toThrow(AlreadyConsumed);
    for (const { id, ...place } of recorded) {
      expect((await store.audit.query({ jti: id })).records).toMatchObject([place]);
    }
    expect(await store.audit.verify()).toMatchObject({ ok: true, writers: KILLS });
    await store.close();
  }, 600_000);
});
