import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers a request; resolves when it has done so. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What an answer that may hold a token says to caches. RFC 6749 §5.1 */
export const NOT_STORED = { 'cache-control': 'no-store', pragma: 'no-cache' } as const;

/** Answers with JSON that is not stored. RFC 6749 §5.1 */
export function answerJson(
  response: ServerResponse,
  status: number,
  answer: object,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = JSON.stringify(answer);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...NOT_STORED,
    ...headers,
  });
  response.end(body);
}
