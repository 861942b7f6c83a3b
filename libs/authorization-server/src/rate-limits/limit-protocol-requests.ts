import type { IncomingMessage } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { ServerConfig } from '../configuration/server-config.schema.js';
import type { ClientAddress } from './client-address.js';
import type { RateKey, RateLimit, RateLimiter } from './rate-limiter.js';
import { TOO_MANY_REQUESTS } from './too-many-requests.js';

/** The endpoints at which clients authenticate, and secrets could be guessed. */
const AUTHENTICATING = ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/par'];

/** No client has a longer one. */
const LONGEST_NAME = 200;

export interface ProtocolLimits {
  readonly limiter: RateLimiter;
  readonly limits: ServerConfig['rateLimits']['token'];
  readonly address: ClientAddress;
}

/**
 * Middleware that refuses with 429 what exceeds the limits of an address, or of a client at an address: of all requests,
 * and of those that fail to authenticate. A client counts as itself when it names itself in the Authorization header.
 */
export function limitProtocolRequests({ limiter, limits, address }: ProtocolLimits) {
  const { window, requestsPerAddress, requestsPerClient, failuresPerAddress, failuresPerClient } = limits;
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (ctx.method !== 'POST' || !AUTHENTICATING.includes(ctx.path)) return next();
    const from = address(ctx.req);
    const client = namedClient(ctx.req);
    const requests: Limited[] = [[['requests', from], { hits: requestsPerAddress, window }]];
    const failures: Limited[] = [[['failures', from], { hits: failuresPerAddress, window }]];
    if (client !== undefined) {
      requests.push([['requests', from, client], { hits: requestsPerClient, window }]);
      failures.push([['failures', from, client], { hits: failuresPerClient, window }]);
    }
    const waits = [...requests, ...failures].flatMap(([key, limit]) => limiter.wait(key, limit) ?? []);
    if (waits.length > 0) return refuse(ctx, Math.max(...waits));
    for (const [key, limit] of requests) limiter.count(key, limit);
    await next();
    if (ctx.status === 401) for (const [key, limit] of failures) limiter.count(key, limit);
  };
}

type Limited = readonly [RateKey, RateLimit];

function refuse(ctx: KoaContextWithOIDC, seconds: number): void {
  ctx.status = 429;
  ctx.set({ 'retry-after': String(seconds), 'cache-control': 'no-store' });
  ctx.body = TOO_MANY_REQUESTS;
}

/** Whom the caller says to be; nothing is proven yet. RFC 6749 §2.3.1 */
function namedClient({ headers }: IncomingMessage): string | undefined {
  const [, credentials] = /^Basic +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (credentials === undefined) return undefined;
  const [clientId] = Buffer.from(credentials, 'base64').toString().split(':', 1);
  return clientId?.slice(0, LONGEST_NAME);
}
