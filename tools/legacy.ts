/** Starts the demo's system from before OAuth, and says what the authorization server has to know of it. */
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Settings } from './system.ts';

const READY_WITHIN = 15_000;

/** `tools/legacy-service.ts` as a process; see there. */
export class LegacySystem {
  readonly url: string;
  /** For auth-server and client-app. */
  readonly settings: Settings;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, url: string, settings: Settings) {
    this.#process = process;
    this.url = url;
    this.settings = settings;
  }

  /**
   * @param port any free one unless told
   * @throws Error with what it has said, when it does not start
   */
  static async start(port = 0): Promise<LegacySystem> {
    const key = randomBytes(32).toString('base64url');
    const { PATH, NODE_ENV } = process.env;
    const env = { ...(PATH && { PATH }), ...(NODE_ENV && { NODE_ENV }), PORT: String(port), LEGACY_SERVICE_KEY: key };
    const path = fileURLToPath(new URL('legacy-service.ts', import.meta.url));
    const child = fork(path, { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, 'close').then(() => Promise.reject(new Error(`legacy: ${said.trim()}`)));
    ended.catch(() => undefined);
    const told = once(child, 'message', { signal: AbortSignal.timeout(READY_WITHIN) });
    const [message] = (await Promise.race([told, ended])) as [{ port: number; publicKey: string }];
    const url = `http://127.0.0.1:${message.port}`;
    const settings = { LEGACY_SERVICE_URL: url, LEGACY_SERVICE_KEY: key, LEGACY_IDP_KEY: message.publicKey };
    return new LegacySystem(child, url, settings);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}
