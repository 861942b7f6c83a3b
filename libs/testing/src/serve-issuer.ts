import type { JSONWebKeySet } from 'jose';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a served issuer is found, and how it is stopped. */
export interface IssuerServer {
  readonly issuer: string;
  readonly jwksUri: string;
  close(): Promise<void>;
}

/** Publishes an issuer's metadata (OpenID Connect Discovery §4, RFC 8414 §3) and keys on a free port of 127.0.0.1. */
export async function serveIssuer(jwks: JSONWebKeySet): Promise<IssuerServer> {
  const server = createServer((request, response) => {
    const document = documents.get(request.url ?? '');
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const jwksUri = `${issuer}/jwks`;
  const metadata = { issuer, jwks_uri: jwksUri };
  const documents = new Map<string, unknown>([
    ['/.well-known/openid-configuration', metadata],
    ['/.well-known/oauth-authorization-server', metadata],
    ['/jwks', jwks],
  ]);
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { issuer, jwksUri, close };
}
