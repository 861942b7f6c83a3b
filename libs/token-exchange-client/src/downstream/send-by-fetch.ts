import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Call } from './call.js';
import { isConnectionFailure } from './connection-failure.js';
import { DEFAULT_MAX_ANSWER } from './downstream-definition.js';
import { DownstreamUnavailable } from './downstream-errors.js';
import type { FetchInit } from './fetch-on-behalf.js';
import type { RawAnswer, SendCall } from './raw-answer.js';
import { addParams, toPayload } from './request-body.js';
import { sendOnBehalf, type Downstream } from './send-on-behalf.js';

/** No answer came, or it broke off. What `fetch` says of it is the cause. */
class FetchFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('fetch failed');
  }
}

/** Calls go through `fetch`, and ask and are answered as through axios. */
export function sendByFetch(downstream: Downstream): SendCall {
  const { name } = downstream.authorizer.definition;
  return async (call) => {
    const url = addParams(downstream.authorizer.resolve(call.path), call.params);
    const { type, payload } = toPayload(call.body);
    try {
      return await sendOnBehalf(downstream, {
        method: call.method.toUpperCase(),
        url,
        body: call.body,
        ...(call.signal && { signal: call.signal }),
        ...(call.timeout && { timeout: call.timeout }),
        send: (credentials, signal) => sendOnce(url, call, { type, payload, credentials, signal }, downstream),
        view: ({ status, header }) => ({ status, header }),
        discard: ({ data }) => data instanceof Readable && data.destroy(),
        unread: ({ data }) => data instanceof Readable,
      });
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      if (!(error instanceof FetchFailure)) throw error;
      throw new DownstreamUnavailable(name, isConnectionFailure(error) ? 'connection' : 'unsent');
    }
  };
}

interface Sent {
  readonly type: string | undefined;
  readonly payload: FetchInit['body'];
  readonly credentials: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

async function sendOnce(
  url: URL,
  { method, headers: own, responseType }: Call,
  { type, payload, credentials, signal }: Sent,
  { authorizer: { definition } }: Downstream,
): Promise<RawAnswer> {
  const headers = new Headers({ accept: 'application/json, text/plain, */*', ...(type && { 'content-type': type }) });
  for (const [name, value] of Object.entries({ ...own, ...credentials })) headers.set(name, value);
  const init = { method, headers, body: payload ?? null, signal, redirect: 'manual', duplex: 'half' } as const;
  const response = await fetch(url, init).catch(toFailure);
  const { maxAnswerBytes = DEFAULT_MAX_ANSWER } = definition;
  const body = response.body as ReadableStream<Uint8Array> | null;
  const stream = responseType === 'stream';
  const data = stream ? toReadable(body) : await readWithin(definition.name, body, maxAnswerBytes);
  const header = (name: string): string | undefined => response.headers.get(name) ?? undefined;
  return { status: response.status, headers: headersOf(response.headers), header, data };
}

/** @throws DownstreamUnavailable `oversized`, FetchFailure */
async function readWithin(name: string, body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body ?? []) {
      length += chunk.length;
      if (length > limit) throw new DownstreamUnavailable(name, 'oversized');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof DownstreamUnavailable ? error : new FetchFailure(error);
  }
  return Buffer.concat(chunks);
}

function toReadable(body: ReadableStream<Uint8Array> | null): Readable {
  return body ? Readable.fromWeb(body) : Readable.from([]);
}

function headersOf(headers: Headers): Record<string, string | string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { 'set-cookie': cookies }) };
}

function toFailure(error: unknown): never {
  throw new FetchFailure(error);
}
