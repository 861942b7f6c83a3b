import type { Readable } from 'node:stream';
import { parseRetryAfter } from '../exchange/retry-after.js';
import { parseBearerChallenge } from './bearer-challenge.js';
import type { ResponseType } from './call.js';
import { DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer } from './downstream-errors.js';
import type { RawAnswer } from './raw-answer.js';

/** How much is read of a streamed answer that tells of a failure. Bytes. */
const MAX_FAILURE_BYTES = 64 * 1024;

/**
 * The body of a success in the form that was asked for.
 * @throws UnexpectedAnswer when it is no JSON
 */
export function readAnswer(service: string, answer: RawAnswer, type: ResponseType): unknown {
  const { data } = answer;
  if (type === 'stream' || type === 'bytes' || !(data instanceof Uint8Array)) return data;
  const contentType = answer.header('content-type') ?? '';
  const text = decode(data, contentType);
  if (type === 'text') return text;
  if (data.length === 0) return undefined;
  const parsed = parseJson(text);
  if (parsed) return parsed.value;
  if (/^text\//i.test(contentType)) return text;
  const issue = 'the body is not JSON: ask for it with responseType text, bytes or stream';
  throw new UnexpectedAnswer(service, [issue]);
}

/** What an answer other than 2xx means. A streamed one is read as far as it tells, and its connection let go. */
export async function readFailure(
  service: string,
  answer: RawAnswer,
): Promise<DownstreamRefused | DownstreamUnavailable> {
  const { status, data } = answer;
  const bytes = data instanceof Uint8Array ? data : await readSome(data);
  if (status === 429 || status >= 500) {
    return new DownstreamUnavailable(service, 'status', status, parseRetryAfter(answer.header('retry-after')));
  }
  const text = decode(bytes, answer.header('content-type') ?? '');
  const parsed = parseJson(text);
  const challenge = parseBearerChallenge(answer.header('www-authenticate'));
  return new DownstreamRefused({ service, status, ...challenge, body: parsed ? parsed.value : text });
}

async function readSome(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length >= MAX_FAILURE_BYTES) break;
    }
  } catch {
    // the status has told what matters
  }
  return Buffer.concat(chunks).subarray(0, MAX_FAILURE_BYTES);
}

function decode(bytes: Uint8Array, contentType: string): string {
  const [, charset = 'utf-8'] = /;\s*charset="?([^\s";]+)/i.exec(contentType) ?? [];
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
