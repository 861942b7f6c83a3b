import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Services that are started for an experiment, each a process of its own; see `lab/processes`. */
export type ProcessName = 'no-audience' | 'believes-header' | 'guard-without-audience';

/** A service that runs, or what it said when it would not. */
export type Started = { readonly url: string } | { readonly refused: string };

/** Characters of what a process says. */
const MOST_SAID = 1000;
/** Milliseconds. */
const READY_WITHIN = 10_000;

/** Starts them, and ends them all when the experiment is over. */
export class Processes {
  readonly #running: ChildProcess[] = [];

  async start(name: ProcessName, settings: Readonly<Record<string, string>>): Promise<Started> {
    const path = fileURLToPath(new URL(`../processes/${name}.js`, import.meta.url));
    const { PATH, NODE_ENV } = process.env;
    const env = { ...(PATH && { PATH }), ...(NODE_ENV && { NODE_ENV }), ...settings };
    const child = fork(path, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'], timeout: READY_WITHIN * 3 });
    this.#running.push(child);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(0, MOST_SAID)));
    const told = once(child, 'message', { signal: AbortSignal.timeout(READY_WITHIN) });
    const ended = once(child, 'close');
    const first = await Promise.race([
      told.then(([message]) => message as { port: number }),
      ended.then(() => undefined),
    ]);
    // one of the two is no longer waited for
    for (const rest of [told, ended]) rest.catch(() => undefined);
    return first ? { url: `http://127.0.0.1:${first.port}` } : { refused: said.trim() || 'It ended without a word.' };
  }

  end(): void {
    for (const child of this.#running) child.kill();
  }
}
