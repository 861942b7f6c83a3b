import { proxiedFetch } from './proxied-fetch.js';

/** How a JSON document is fetched: bounded in time and size, without redirects. */
export interface ReadJsonOptions {
  /** Milliseconds for the whole exchange. */
  readonly timeout: number;
  /** Bytes of the body. */
  readonly maxBytes: number;
  /** Default: {@link proxiedFetch}. */
  readonly fetch?: typeof fetch;
}

/** An answer other than 200. */
export class UnexpectedStatus extends Error {
  constructor(
    url: string,
    readonly status: number,
  ) {
    super(`${url} answered with status ${status}`);
    this.name = 'UnexpectedStatus';
  }
}

/** Fetches a JSON document, e.g. a JWK Set. A body over the limit is dropped while it arrives, not after. */
export async function readJson(url: string, options: ReadJsonOptions): Promise<unknown> {
  const response = await (options.fetch ?? proxiedFetch)(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(options.timeout),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new UnexpectedStatus(url, response.status);
  }
  const text = await readBounded(response, options.maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    // a syntax error quotes what it could not parse
    throw new Error(`${url} answered with something else than JSON`);
  }
}

/** Reads a body as text up to a limit; what is over it is dropped while it arrives. */
export async function readBounded(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).byteLength;
    if (size > maxBytes) throw new Error(`answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
