import type { DownstreamAuthorizer } from './downstream-authorizer.js';
import { sendOnBehalf } from './send-on-behalf.js';

/** What can be told about a call with `fetch`. */
export type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

/** `fetch` for one downstream service: the path is below its base address. */
export type DownstreamFetch = (path: string | URL, init?: FetchInit) => Promise<Response>;

/**
 * A `fetch` that sends the exchanged token. Redirects are answers, not followed; all else is as with `fetch`, which it calls.
 * @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable, and what `fetch` throws
 */
export function fetchOnBehalf({ authorizer }: { readonly authorizer: DownstreamAuthorizer }): DownstreamFetch {
  return (path, init = {}) => {
    const url = authorizer.resolve(String(path));
    return sendOnBehalf(authorizer, {
      method: (init.method ?? 'GET').toUpperCase(),
      url,
      signal: init.signal ?? undefined,
      repeatable: !(init.body instanceof ReadableStream),
      send: (credentials) => {
        const headers = new Headers(init.headers);
        for (const [name, value] of Object.entries(credentials)) headers.set(name, value);
        return fetch(url, { ...init, headers, redirect: 'manual' });
      },
      view: ({ status, headers }) => ({ status, header: (name) => headers.get(name) ?? undefined }),
      discard: (response) => response.body?.cancel(),
    });
  };
}
