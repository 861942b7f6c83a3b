/** The process behind `load()`: plain sockets, so that it takes little of the machine that the server needs. */
import { connect, type Socket } from 'node:net';
import type { Latency, LoadPlan, LoadReport } from './load.ts';

const END_OF_HEAD = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

class Load {
  readonly #plan: LoadPlan;
  readonly #host: string;
  readonly #port: number;
  readonly #idle: Connection[] = [];
  /** When those were due that no connection was free for. */
  readonly #waiting: number[] = [];
  readonly #answers: Record<string, number> = {};
  readonly #accepted: number[] = [];
  readonly #refused: number[] = [];
  #connections = 0;
  #offered = 0;
  #sent = 0;
  #late = 0;
  #broken = 0;
  #withoutRetryAfter = 0;

  constructor(plan: LoadPlan) {
    const { hostname, port } = new URL(plan.url);
    this.#plan = plan;
    this.#host = hostname;
    this.#port = Number(port);
  }

  async run(): Promise<LoadReport> {
    const { seconds, rate, deadline } = this.#plan;
    await this.#connect();
    const begin = performance.now();
    const end = begin + seconds * 1000;
    while (performance.now() < end) {
      const now = performance.now();
      if (rate === undefined) this.#keepBusy(now);
      else while (this.#offered < ((now - begin) / 1000) * rate) this.#send(begin + (this.#offered / rate) * 1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const goodput = (this.#answers['200'] ?? 0) / seconds;
    const patience = performance.now() + deadline;
    while (this.#sent > 0 && performance.now() < patience) await new Promise((resolve) => setTimeout(resolve, 5));
    return {
      offered: this.#offered,
      answers: this.#answers,
      withoutRetryAfter: this.#withoutRetryAfter,
      late: this.#late + this.#sent + this.#waiting.length,
      broken: this.#broken,
      goodput,
      accepted: latency(this.#accepted),
      refused: latency(this.#refused),
    };
  }

  /** Opens the connections and sees each of them answered once: what is measured is not how fast they are accepted. */
  async #connect(): Promise<void> {
    const greeting = `GET /health/live HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`;
    for (let open = this.#open(); open !== undefined; open = this.#open()) open.send(greeting, undefined);
    while (this.#idle.length < this.#connections) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** As many requests as connections: the next one when one is answered. */
  #keepBusy(now: number): void {
    while (this.#idle.length > 0 || this.#connections < this.#plan.connections) this.#send(now);
  }

  #send(due: number): void {
    this.#offered += 1;
    const connection = this.#idle.pop() ?? this.#open();
    if (connection) this.#begin(connection, due);
    else this.#waiting.push(due);
  }

  #open(): Connection | undefined {
    if (this.#connections >= this.#plan.connections) return undefined;
    this.#connections += 1;
    const connection = new Connection(connect(this.#port, this.#host), {
      answered: (due, status, head) => {
        if (due !== undefined) this.#count(due, status, head);
        this.#next(connection);
      },
      closed: (due) => {
        this.#connections -= 1;
        if (due !== undefined) {
          this.#sent -= 1;
          this.#broken += 1;
        }
        const index = this.#idle.indexOf(connection);
        if (index >= 0) this.#idle.splice(index, 1);
      },
    });
    return connection;
  }

  #begin(connection: Connection, due: number): void {
    this.#sent += 1;
    const { requests } = this.#plan;
    connection.send(requests[this.#offered % requests.length] as string, due);
  }

  #next(connection: Connection): void {
    const now = performance.now();
    let due = this.#waiting.shift();
    while (due !== undefined && now - due > this.#plan.deadline) {
      this.#late += 1;
      due = this.#waiting.shift();
    }
    if (due === undefined) this.#idle.push(connection);
    else this.#begin(connection, due);
  }

  #count(due: number, status: number, head: string): void {
    this.#sent -= 1;
    const took = performance.now() - due;
    if (took > this.#plan.deadline) {
      this.#late += 1;
      return;
    }
    this.#answers[status] = (this.#answers[status] ?? 0) + 1;
    if (status === 200) this.#accepted.push(took);
    else this.#refused.push(took);
    if ((status === 429 || status === 503) && !/\r\nretry-after: *\d+/i.test(head)) this.#withoutRetryAfter += 1;
  }
}

interface Listener {
  answered(due: number | undefined, status: number, head: string): void;
  closed(due: number | undefined): void;
}

/** One request at a time; it is not counted when it was never due. */
class Connection {
  readonly #socket: Socket;
  #due: number | undefined;
  #received = '';

  constructor(socket: Socket, listener: Listener) {
    this.#socket = socket.setNoDelay().setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('close', () => listener.closed(this.#due));
    socket.on('data', (chunk: string) => {
      this.#received += chunk;
      const end = this.#received.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const head = this.#received.slice(0, end);
      if (!isWhole(head, this.#received.slice(end + END_OF_HEAD.length))) return;
      const due = this.#due;
      this.#due = undefined;
      this.#received = '';
      listener.answered(due, Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)), head);
    });
  }

  send(request: string, due: number | undefined): void {
    this.#due = due;
    this.#socket.write(request, 'latin1');
  }
}

function isWhole(head: string, body: string): boolean {
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  return length === undefined ? body.endsWith(LAST_CHUNK) : body.length >= Number(length);
}

function latency(all: number[]): Latency {
  const sorted = all.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return { p50: at(0.5), p99: at(0.99) };
}

process.once('message', (plan: LoadPlan) => {
  void new Load(plan).run().then((report) => process.send?.(report));
});
