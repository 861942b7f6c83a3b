import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is called for each request, here as by Express and Nest. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The path of a request without its query, which may hold a code or a token. */
export function pathOf(request: IncomingMessage & { originalUrl?: string }): string {
  const url = request.originalUrl ?? request.url ?? '';
  return url.split('?', 1)[0] ?? '';
}
