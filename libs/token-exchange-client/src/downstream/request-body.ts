/** What a socket takes at once; a server that refuses more may break the connection while it is sent. Bytes. */
const AT_ONCE = 64 * 1024;

/**
 * Whether a body can be sent a second time: those that are known to be read without being used up. All others are streams, or
 * may be.
 */
export function isReplayable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true;
  return (
    ArrayBuffer.isView(body) ||
    body instanceof ArrayBuffer ||
    body instanceof Blob ||
    body instanceof URLSearchParams ||
    body instanceof FormData
  );
}

/** Whether a connection that breaks may be due to the body: to its source, or to a server that does not want so much. */
export function mayBreakConnection(body: unknown): boolean {
  return !isReplayable(body) || body instanceof FormData || sizeOf(body) > AT_ONCE;
}

function sizeOf(body: unknown): number {
  if (typeof body === 'string') return body.length;
  if (body instanceof Blob) return body.size;
  if (body instanceof URLSearchParams) return body.toString().length;
  return ArrayBuffer.isView(body) || body instanceof ArrayBuffer ? body.byteLength : 0;
}

type Payload = NonNullable<Parameters<typeof fetch>[1]>['body'];

/** A body as it goes over the wire, with its media type; `undefined` where `fetch` tells that of itself, or nobody knows it. */
export function toPayload(body: unknown): { readonly type: string | undefined; readonly payload: Payload } {
  if (body === undefined || body === null) return { type: undefined, payload: null };
  const form = typeof body === 'string' || ArrayBuffer.isView(body) || body instanceof ArrayBuffer;
  if (form) return { type: 'application/x-www-form-urlencoded', payload: body as string };
  if (isReplayable(body) || isRead(body)) return { type: undefined, payload: body as Blob };
  return { type: 'application/json', payload: JSON.stringify(body) };
}

/** Adds to the query: lists as `name[]`, members of objects as `name[member]`, dates by ISO 8601, and nothing for what is absent. */
export function addParams(url: URL, params: Readonly<Record<string, unknown>> = {}): URL {
  const add = (name: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (value instanceof Date) url.searchParams.append(name, value.toISOString());
    else if (Array.isArray(value)) for (const each of value) add(`${name}[]`, each);
    else if (typeof value === 'object')
      for (const [member, each] of Object.entries(value)) add(`${name}[${member}]`, each);
    // what is left is a primitive
    // eslint-disable-next-line @typescript-eslint/no-base-to-string
    else url.searchParams.append(name, String(value));
  };
  for (const [name, value] of Object.entries(params)) add(name, value);
  return url;
}

function isRead(body: unknown): boolean {
  return typeof body === 'object' && body !== null && (Symbol.asyncIterator in body || 'getReader' in body);
}
