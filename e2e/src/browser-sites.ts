import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A client of the tests, at an origin of its own, that sends whoever comes back to it on to a second origin. */
export class Sites {
  readonly #client: Server;
  readonly #other: Server;
  /** What came to the callback: its parameters, by GET or by POST. */
  answer = new URLSearchParams();
  /** The method by which it came. */
  method = '';

  private constructor() {
    this.#other = createServer((_, response) => page(response, 'Arrived'));
    this.#client = createServer((request, response) => void this.#take(request, response));
  }

  static async open(): Promise<Sites> {
    const sites = new Sites();
    for (const server of [sites.#client, sites.#other]) await once(server.listen(0, '127.0.0.1'), 'listening');
    return sites;
  }

  async close(): Promise<void> {
    for (const server of [this.#client, this.#other]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get client(): string {
    return `http://localhost:${(this.#client.address() as AddressInfo).port}`;
  }

  get callback(): string {
    return `${this.client}/callback`;
  }

  get signedOut(): string {
    return `${this.client}/signed-out`;
  }

  /** Where everything ends: another origin, another host. */
  get arrived(): string {
    return `http://127.0.0.1:${(this.#other.address() as AddressInfo).port}/`;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.client);
    if (pathname === '/form') return form(response, searchParams);
    if (pathname === '/callback') {
      this.method = request.method ?? '';
      this.answer = request.method === 'POST' ? new URLSearchParams(await text(request)) : searchParams;
    }
    response.writeHead(303, { location: this.arrived }).end();
  }
}

/** The parameters of an authorization request. */
export function request(sites: Sites, more: Readonly<Record<string, string>> = {}): URLSearchParams {
  return new URLSearchParams({
    response_type: 'code',
    client_id: 'site',
    redirect_uri: sites.callback,
    scope: 'openid profile',
    state: randomBytes(8).toString('hex'),
    nonce: randomBytes(8).toString('hex'),
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
}

export const VERIFIER = randomBytes(32).toString('base64url');

/** A page of the client that sends its own query elsewhere by POST. */
function form(response: ServerResponse, query: URLSearchParams): void {
  const { action = '', ...fields } = Object.fromEntries(query);
  const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`);
  page(response, `<form method="post" action="${action}">${inputs.join('')}<button>Send</button></form>`);
}

function page(response: ServerResponse, content: string): void {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(`<!doctype html><html lang="en"><title>A client</title><main>${content}</main></html>`);
}
