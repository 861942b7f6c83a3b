import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { page, pagePolicy } from './page.js';

const FAILED = 'Something went wrong on our side. Please try again.';

/** What people are told that clients are told in JSON, by its status. */
const SENTENCES: Readonly<Record<number, string>> = {
  400: 'The request cannot be understood. Go back to the application and start again.',
  404: 'There is nothing at this address.',
  413: 'What was sent is too large. Go back to the application and start again.',
  429: 'There were too many requests. Please wait a moment, then try again.',
};

/** @param reason in addition to what the status says; no stranger's words */
export function refusalPage(status: number, reason?: string): string {
  return page(
    'This did not work',
    <>
      <p role="alert">{SENTENCES[status] ?? FAILED}</p>
      {reason !== undefined && (
        <p>
          <code>{reason}</code>
        </p>
      )}
    </>,
  );
}

/** Answers with a page what is refused before anything else has looked at it. */
export function answerRefusalPage(
  response: ServerResponse,
  status: number,
  reason?: string,
  headers: OutgoingHttpHeaders = {},
): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': pagePolicy(),
    ...headers,
  });
  response.end(refusalPage(status, reason));
}
