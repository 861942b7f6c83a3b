import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** As much of a request as is known when it is refused: of one that cannot be parsed, what could be read. */
export interface RefusedRequest {
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Makes the page that a browser gets where clients get JSON. */
export type RefusalPage = (
  status: number,
  request: RefusedRequest,
) => { readonly headers: OutgoingHttpHeaders; readonly body: string };

/** In a page to people, where there is one, and as JSON to clients. */
export function answerRefusal(
  response: ServerResponse,
  status: number,
  json: object,
  request: RefusedRequest,
  page: RefusalPage | undefined,
): void {
  const { headers, body } = refusalOf(status, json, request, page);
  response.writeHead(status, headers);
  response.end(body);
}

/** What a refusal says, and in which form. */
export function refusalOf(
  status: number,
  json: object,
  request: RefusedRequest,
  page: RefusalPage | undefined,
): ReturnType<RefusalPage> {
  if (page && request.headers.accept?.includes('text/html')) return page(status, request);
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  return { headers, body: JSON.stringify(json) };
}
