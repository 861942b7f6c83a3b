import { fork, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';

const testing = createRequire(import.meta.url).resolve('@onbehalf/testing-internal');
const fromSource = fileURLToPath(new URL('../from-source.mjs', `file://${testing}`));
const script = fileURLToPath(new URL('../../processes/slow-start.mjs', import.meta.url));
const apps = new URL('../../../../apps/', import.meta.url);

describe('a signal before the app listens', () => {
  let child: ChildProcess;
  let told: AsyncIterator<[string]>;
  let said: string;
  afterEach(() => void child.kill('SIGKILL'));

  function start({ answersHangUp = true } = {}): void {
    const execArgv = ['--conditions=@onbehalf/source', '--import', fromSource];
    const env = { PATH: process.env['PATH'], PORT: '0' };
    child = fork(script, answersHangUp ? ['answers'] : [], {
      execArgv,
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    told = on(child, 'message', { close: ['exit'] }) as AsyncIterator<[string]>;
    said = '';
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }

  const next = async (): Promise<string> => {
    const { value } = (await told.next()) as IteratorYieldResult<[string]>;
    return value[0];
  };
  const end = async (): Promise<unknown> => (await once(child, 'close'))[0];

  /** Lets it come to a stage, gives it the signal there, and lets it go on. */
  async function at(stage: string, signal?: NodeJS.Signals): Promise<void> {
    await reaches(stage, signal);
    child.send('go on');
  }

  async function reaches(stage: string, signal?: NodeJS.Signals): Promise<void> {
    expect(await next()).toBe(stage);
    if (signal) child.kill(signal);
  }

  it('is answered once it has started, if it is SIGHUP to an app that answers it', async () => {
    start();
    await at('held', 'SIGHUP');
    await at('starting', 'SIGHUP');
    const messages = [await next(), await next(), await next()];
    expect(messages.toSorted()).toEqual(['hung up', 'hung up', 'listening']);
    child.kill('SIGTERM');
    expect([await next(), await end()]).toEqual(['closed', 0]);
  });

  it('ends it as soon as it is loaded, if it is SIGTERM, with one line', async () => {
    start();
    const ended = end();
    await at('held', 'SIGTERM');
    expect([await ended, said]).toEqual([0, 'slow: SIGTERM: ended before it had started\n']);
  });

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])('ends it in the middle of its start, if it is %s', async (signal) => {
    start();
    await at('held');
    const ended = end();
    await reaches('starting', signal);
    expect([await ended, said]).toEqual([0, `slow: ${signal}: ended before it had started\n`]);
  });

  it('ends an app that does not answer it, if it is SIGHUP', async () => {
    start({ answersHangUp: false });
    await at('held');
    const ended = end();
    await reaches('starting', 'SIGHUP');
    expect([await ended, said]).toEqual([0, 'slow: SIGHUP: ended before it had started\n']);
  });

  it('is held by every app before it loads anything else', () => {
    const mains = readdirSync(apps).map((app) => readFileSync(new URL(`${app}/src/main.ts`, apps), 'utf8'));
    expect(mains.length).toBeGreaterThan(6);
    for (const main of mains) {
      expect(main.replace(/^\/\/.*\n/gm, '')).toBe(
        "import { holdSignals } from '@onbehalf/service-host/signals';\n\nholdSignals();\nawait import('./start.js');\n",
      );
    }
  });
});
