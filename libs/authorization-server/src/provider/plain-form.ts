import type { IncomingMessage } from 'node:http';

const PLAIN_TYPES = new Set([
  'application/x-www-form-urlencoded',
  'application/x-www-form-urlencoded;charset=utf-8',
  'application/x-www-form-urlencoded; charset=utf-8',
]);

/** As much as the provider reads. Bytes. */
const LONGEST = 56 * 1024;

/**
 * Reads the form of a request that is written as clients write it: with its type and its length. RFC 6749 §3.2, appendix B.
 * @param accept makes of the form what the caller wants, `undefined` when it is none of its business; must not throw
 * @returns what `accept` has made, `undefined` also for what is written in another way: then the body is left for whoever
 * reads it next
 */
export function readPlainForm<Result>(
  request: IncomingMessage,
  accept: (form: URLSearchParams) => Result | undefined,
): Promise<Result | undefined> {
  const length = lengthOf(request);
  if (length === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const settle = (result?: Result): void => {
      request.off('readable', read);
      request.off('close', leave);
      resolve(result);
    };
    const leave = (): void => settle();
    const read = (): void => {
      for (let chunk = next(request); chunk !== null; chunk = next(request)) {
        chunks.push(chunk);
        received += chunk.length;
      }
      if (received < length) return;
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      const form = parse(body.toString());
      const result = form && accept(form);
      // now, while the stream takes something back: once it has told its end it does not
      if (result === undefined) request.unshift(body);
      settle(result);
    };
    request.on('readable', read);
    request.on('close', leave);
  });
}

/** Bytes of a plain form; `undefined` when it is none. */
function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = Number(headers['content-length'] ?? 0);
  const isPlain = PLAIN_TYPES.has(headers['content-type']?.toLowerCase() ?? '');
  return isPlain && length > 0 && length <= LONGEST ? length : undefined;
}

// a question mark at the beginning would be taken for that of a query
function parse(text: string): URLSearchParams | undefined {
  return text.startsWith('?') ? undefined : new URLSearchParams(text);
}

function next(request: IncomingMessage): Buffer | null {
  return request.read() as Buffer | null;
}
