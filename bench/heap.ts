/** Looks at the memory of a running Node process through its inspector, which the process opens when a signal asks for it. */
import { once } from 'node:events';
import type { RunningApp } from '../tools/system.ts';

/** What a process must be started with; until the signal it runs as without. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' };
/** Windows has no such signal. */
export const CAN_INSPECT = process.platform !== 'win32';

const LISTENING = 'Debugger listening on ';

type Usage = Record<'rss' | 'heapUsed' | 'external', number>;

export class Heap {
  readonly #socket: WebSocket;
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async open(app: RunningApp): Promise<Heap> {
    process.kill(app.pid, 'SIGUSR1');
    await app.printed(LISTENING);
    const line = app.lines.find((each) => each.startsWith(LISTENING))!;
    const socket = new WebSocket(line.slice(LISTENING.length));
    await once(socket, 'open');
    return new Heap(socket);
  }

  /** Bytes that the system holds for the process, as they are found. */
  async resident(): Promise<number> {
    return (await this.#usage()).rss;
  }

  /** Bytes in use on the heap of JavaScript and beside it, after a full garbage collection. */
  async inUse(): Promise<number> {
    await this.#call('HeapProfiler.collectGarbage');
    const { heapUsed, external } = await this.#usage();
    return heapUsed + external;
  }

  close(): void {
    this.#socket.close();
  }

  async #usage(): Promise<Usage> {
    const expression = 'JSON.stringify(process.memoryUsage())';
    const { result } = await this.#call<{ result: { value: string } }>('Runtime.evaluate', { expression });
    return JSON.parse(result.value) as Usage;
  }

  /** @throws Error when the process refuses, or has ended */
  async #call<Result>(method: string, params: object = {}): Promise<Result> {
    const id = (this.#calls += 1);
    const answer = new Promise<Result>((resolve, reject) => {
      const ended = (): void => reject(new Error('the process that is looked at has ended'));
      this.#socket.addEventListener('close', ended, { once: true });
      const listen = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result: Result; error?: { message: string } };
        if (message.id !== id) return;
        this.#socket.removeEventListener('close', ended);
        this.#socket.removeEventListener('message', listen);
        if (message.error) reject(new Error(message.error.message));
        else resolve(message.result);
      };
      this.#socket.addEventListener('message', listen);
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer;
  }
}
