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
