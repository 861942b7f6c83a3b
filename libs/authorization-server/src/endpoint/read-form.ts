import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { OAuthError } from '@onbehalf/oauth-protocol';

/** More than any request of the token endpoint needs. Bytes. */
const LONGEST = 56 * 1024;

// RFC 6749 appendix B: a form is UTF-8
const FORM = /^application\/x-www-form-urlencoded *(;(?! *charset *=)[^;]*|; *charset *= *"?utf-?8"? *)*$/i;

/** What came as the content of a request. */
export interface ReceivedForm {
  readonly body: Buffer;
  readonly form: URLSearchParams;
  /** Why it counts for nothing. */
  readonly fault?: OAuthError;
}

/**
 * Reads a form once, however it is sent. RFC 6749 §3.2, appendix B.
 * @returns `undefined` when the caller leaves before all of it is there
 */
export async function readForm(request: IncomingMessage): Promise<ReceivedForm | undefined> {
  const fault = faultOf(request.headers);
  if (fault) return refused(fault);
  const body = await readBody(request);
  if (body === 'cut off') return undefined;
  if (body === 'too long') return refused(tooLong());
  if (body.length > 0 && request.headers['content-type'] === undefined) return refused(noForm());
  return { body, form: parse(body.toString()) };
}

function faultOf(headers: IncomingHttpHeaders): OAuthError | undefined {
  const { 'content-type': type, 'content-encoding': encoding, 'content-length': length } = headers;
  if (type !== undefined && !FORM.test(type)) return noForm();
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return new OAuthError('invalid_request', 'the content must not be encoded');
  }
  return Number(length ?? 0) > LONGEST ? tooLong() : undefined;
}

function readBody(request: IncomingMessage): Promise<Buffer | 'cut off' | 'too long'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const settle = (outcome: Buffer | 'cut off' | 'too long'): void => {
      request.off('data', take).off('end', end).off('close', leave);
      resolve(outcome);
    };
    // what comes after it is thrown away
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      received += chunk.length;
      if (received > LONGEST) settle('too long');
    };
    const end = (): void => settle(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    const leave = (): void => settle('cut off');
    request.on('data', take).on('end', end).on('close', leave);
  });
}

function refused(fault: OAuthError): ReceivedForm {
  return { body: Buffer.alloc(0), form: new URLSearchParams(), fault };
}

function noForm(): OAuthError {
  return new OAuthError('invalid_request', 'the content must be application/x-www-form-urlencoded in UTF-8');
}

function tooLong(): OAuthError {
  return new OAuthError('invalid_request', `the content must not be longer than ${LONGEST} bytes`);
}

// a question mark at the beginning would be taken for that of a query
function parse(text: string): URLSearchParams {
  return new URLSearchParams(text.startsWith('?') ? `&${text}` : text);
}
