import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import type { DownstreamClient } from './downstream-client.js';
import type { DownstreamDefinition } from './downstream-definition.js';

export type Serve = (request: IncomingMessage, response: ServerResponse) => unknown;

/** A user whose calls go to a service on a bare socket, with tokens of an authorization server that issues `exchanged-1` and on. */
export interface Scene {
  readonly authorizationServer: TestServer;
  readonly url: string;
  /** How the service answers; may be replaced at any time. */
  serve: Serve;
  /** The authorization headers of all requests so far. */
  readonly seen: (string | undefined)[];
  readonly client: (more?: Partial<DownstreamDefinition>) => DownstreamClient;
  readonly asUser: <T>(work: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

export async function startScene(serve: Serve): Promise<Scene> {
  let issued = 0;
  const authorizationServer = await startTestServer(() => ({
    body: {
      access_token: `exchanged-${++issued}`,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    },
  }));
  const server = createServer((request, response) => {
    scene.seen.push(request.headers.authorization);
    scene.serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service = new TokenExchangeService({
    tokenEndpoint: `${authorizationServer.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
  });
  const scene: Scene = {
    authorizationServer,
    url,
    serve,
    seen: [],
    client: (more = {}) => service.downstream({ name: 'files', audience: 'files', baseUrl: `${url}/api`, ...more }),
    asUser: (work) => onBehalfOf('subject-token-of-baeldung', work),
    close: async () => {
      server.closeAllConnections();
      await Promise.all([new Promise((resolve) => server.close(resolve)), authorizationServer.close()]);
    },
  };
  return scene;
}

/** Reads a request to its end. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** What a call fails with. */
export function failureOf(call: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return call.then(
    () => Promise.reject(new Error('the call has succeeded')),
    (error: unknown) => error as Error & Record<string, unknown>,
  );
}
