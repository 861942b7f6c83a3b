import { sendOnBehalf, type Downstream } from './send-on-behalf.js';

/** What can be told about a call with `fetch`. */
export type FetchInit = NonNullable<Parameters<typeof fetch>[1]>;

/** `fetch` for one downstream service: the path is below its base address. */
export type DownstreamFetch = (path: string | URL, init?: FetchInit) => Promise<Response>;

/**
 * A `fetch` that sends the exchanged token. Redirects are answers, not followed; the definition's `timeout` is the deadline of
 * the whole call, the body of the answer included. A 401 to a body that cannot be sent again (a stream, an async iterable) is
 * thrown; all other answers are given as `fetch` gives them.
 * @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable, DownstreamRefused, DownstreamUnavailable, and what `fetch` throws
 */
export function fetchOnBehalf(downstream: Downstream): DownstreamFetch {
  return async (path, init = {}) => {
    const url = downstream.authorizer.resolve(String(path));
    return sendOnBehalf(downstream, {
      method: (init.method ?? 'GET').toUpperCase(),
      url,
      body: init.body,
      signal: init.signal ?? undefined,
      send: (credentials, signal) => {
        const headers = new Headers(init.headers);
        for (const [name, value] of Object.entries(credentials)) headers.set(name, value);
        return fetch(url, { ...init, headers, signal, redirect: 'manual' });
      },
      view: ({ status, headers }) => ({ status, header: (name) => headers.get(name) ?? undefined }),
      discard: (response) => response.body?.cancel(),
      unread: (response) => response.body !== null,
    });
  };
}
