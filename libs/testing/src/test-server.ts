import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request as it came over the wire. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly form: URLSearchParams;
  readonly raw: IncomingMessage;
}

/** What to answer; an object becomes JSON. */
export interface TestAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Tells what a test server answers to a request. */
export type Answering = (request: ReceivedRequest) => TestAnswer | Promise<TestAnswer>;

/** A real HTTP server on a free port of 127.0.0.1. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** All requests so far. */
  readonly requests: ReceivedRequest[];
  /** May be replaced at any time. */
  answering: Answering;
  /** Stops the server and ends its connections. */
  close(): Promise<void>;
}

/** Starts a server that answers as told; an error thrown by `answering` becomes a 500 with its message. */
export async function startTestServer(
  answering: Answering,
  { tls, port = 0 }: { readonly tls?: ServerOptions; readonly port?: number } = {},
): Promise<TestServer> {
  const requests: ReceivedRequest[] = [];
  const serve = (raw: IncomingMessage, response: ServerResponse): void => void respond(raw, response);
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const running: TestServer = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    port: address.port,
    requests,
    answering,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  async function respond(raw: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await receive(raw);
    requests.push(request);
    const answer = await answerOf(running.answering, request);
    const text = typeof answer.body === 'string';
    response.writeHead(answer.status ?? 200, {
      'content-type': text ? 'text/plain' : 'application/json',
      'cache-control': 'no-store',
      ...answer.headers,
    });
    response.end(text ? answer.body : JSON.stringify(answer.body));
  }
  return running;
}

async function answerOf(answering: Answering, request: ReceivedRequest): Promise<TestAnswer> {
  try {
    return await answering(request);
  } catch (error) {
    return { status: 500, body: { message: error instanceof Error ? error.message : String(error) } };
  }
}

async function receive(raw: IncomingMessage): Promise<ReceivedRequest> {
  let body = '';
  for await (const chunk of raw.setEncoding('utf8')) body += chunk as string;
  const { method = '', url = '', headers } = raw;
  return { method, path: url, headers, body, form: new URLSearchParams(body), raw };
}
