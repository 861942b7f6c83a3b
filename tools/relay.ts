/**
 * Passes requests on to replicas on this machine, as HAProxy does in docker-compose.yml: in turn among those that are ready, and to
 * the next one when a replica does not take the connection. Whatever a request says, it goes to a replica and nowhere else.
 */
import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** Milliseconds. */
const LOOKS_EVERY = 1_000;

interface Replica {
  readonly port: number;
  ready: boolean;
}

export class Relay {
  readonly #replicas: readonly Replica[];
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  #turn = 0;

  /** @param ports where the replicas listen */
  constructor(port: number, ports: readonly number[]) {
    this.#replicas = ports.map((each) => ({ port: each, ready: false }));
    this.#server = createServer((request, response) => this.#pass(request, response, this.#inTurn()));
    this.#server.listen(port, '127.0.0.1');
    this.#timer = setInterval(() => void this.look(), LOOKS_EVERY);
  }

  /** Asks every replica whether it is ready. */
  async look(): Promise<void> {
    await Promise.all(
      this.#replicas.map(async (replica) => {
        const answer = await fetch(`http://localhost:${replica.port}/health/ready`).catch(() => undefined);
        replica.ready = answer?.ok ?? false;
      }),
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** When none is ready, all of them: one that cannot serve says so better than a guess about it. */
  #inTurn(): Replica[] {
    const ready = this.#replicas.filter((replica) => replica.ready);
    const chosen = ready.length > 0 ? ready : this.#replicas;
    this.#turn += 1;
    return chosen.map((_, index) => chosen[(this.#turn + index) % chosen.length]!);
  }

  #pass(request: IncomingMessage, response: ServerResponse, [replica, ...others]: readonly Replica[]): void {
    if (!replica) return void response.writeHead(503, { 'retry-after': '1' }).end();
    const { method, url: path, headers } = request;
    const onward = { host: 'localhost', port: replica.port, method, path, agent: false };
    const outgoing = send({ ...onward, headers: { ...headers, connection: 'close' } }, (answer) => {
      delete answer.headers.connection;
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response).on('error', () => response.destroy());
    });
    let connected = false;
    outgoing.on('socket', (socket) =>
      socket.once('connect', () => {
        connected = true;
        request.pipe(outgoing);
      }),
    );
    outgoing.on('error', () => {
      // only what no replica has seen may be sent again
      if (!connected) {
        replica.ready = false;
        return this.#pass(request, response, others);
      }
      return response.headersSent ? void response.destroy() : void response.writeHead(502).end();
    });
    response.on('close', () => outgoing.destroy());
  }
}
