import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers before the provider's middleware, as its endpoints do: JSON that is not stored. RFC 6749 §5.1 */
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
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}
