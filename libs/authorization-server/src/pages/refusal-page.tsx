import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { TextKey } from './languages/english.js';
import { page, pagePolicy } from './page.js';
import { DEFAULT_VIEW, type Pages, type PageView } from './page-view.js';

/** By its status, what a page says where clients get JSON. */
const SENTENCES: Readonly<Record<number, TextKey>> = {
  400: 'refused.400',
  403: 'refused.403',
  404: 'refused.404',
  408: 'refused.408',
  413: 'refused.413',
  414: 'refused.413',
  429: 'refused.429',
  431: 'refused.431',
};

/** @param reason in addition to what the status says, in English; no stranger's words */
export function refusalPage(status: number, reason?: string, view: PageView = DEFAULT_VIEW): string {
  return page(
    view.text('refused.title'),
    <>
      <p role="alert">{view.text(SENTENCES[status] ?? (status < 500 ? 'refused.400' : 'refused.failed'))}</p>
      {reason !== undefined && (
        <p lang="en" dir="ltr">
          <code>{reason}</code>
        </p>
      )}
    </>,
    undefined,
    view,
  );
}

/** The headers of every page that is sent without Nest. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': pagePolicy(),
} as const;

/** The pages for what is refused before this library sees it, for whoever serves it. */
export function refusalPages(
  pages: Pages,
): (status: number, request: Parameters<Pages['for']>[0]) => { headers: OutgoingHttpHeaders; body: string } {
  return (status: number, request: Parameters<Pages['for']>[0]) => {
    const view = pages.for(request);
    const headers: OutgoingHttpHeaders = { ...PAGE_HEADERS, 'content-language': view.language.tag };
    return { headers, body: refusalPage(status, undefined, view) };
  };
}

/** Answers with a page what is refused before anything else has looked at it. */
export function answerRefusalPage(
  response: ServerResponse,
  status: number,
  view: PageView,
  { reason, headers = {} }: { readonly reason?: string; readonly headers?: OutgoingHttpHeaders } = {},
): void {
  response.writeHead(status, { ...PAGE_HEADERS, 'content-language': view.language.tag, ...headers });
  response.end(refusalPage(status, reason, view));
}
