import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Seconds after which such a process ends by itself, whatever happens. */
const LIFE = 30;

/** What a service answers, as JSON. */
export interface Served {
  readonly status: number;
  readonly body: object;
}

/** What the process gets from its parent. */
export function given(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') refuse(`${name} is missing`);
  return value;
}

/**
 * Serves an experiment on loopback, at a free port that is told to whoever started the process. Refuses to run in production,
 * and ends when the other side does, or after 30 s.
 */
export function serve(answer: (request: IncomingMessage) => Promise<Served>): void {
  refuseProduction();
  const server = createServer((request, response) => {
    const send = ({ status, body }: Served): void => {
      response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(body));
    };
    answer(request).then(send, (error: Error) =>
      send({ status: 401, body: { error: 'invalid_token', error_description: error.message } }),
    );
  });
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
  endWithOthers();
}

/** @see serve */
export function refuseProduction(): void {
  if (process.env['NODE_ENV'] === 'production')
    refuse('this service is wrong on purpose and does not run in production (NODE_ENV)');
}

/** Ends the process with whoever has started it, or when its time is over. */
export function endWithOthers(end: (code: number) => void = (code) => process.exit(code)): void {
  process.once('disconnect', () => end(0));
  setTimeout(() => end(0), LIFE * 1000).unref();
}

function refuse(reason: string): never {
  console.error(reason);
  process.exit(1);
}

/** The token of a request. */
export function bearerOf({ headers }: IncomingMessage): string {
  return headers.authorization?.replace(/^Bearer /i, '') ?? '';
}
