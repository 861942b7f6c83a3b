import { codeOf } from '../connection-code.js';
import { mayBreakConnection } from './request-body.js';

/** No connection came about: nothing was sent. */
const NO_CONNECTION =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPROTO|UND_ERR_CONNECT_TIMEOUT|(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_).*)$/;
/** The connection broke, or what came over it was no answer. */
const BROKEN =
  /^(?:ECONNRESET|ECONNABORTED|EPIPE|ERR_NETWORK|ERR_BAD_RESPONSE|ERR_STREAM_PREMATURE_CLOSE|(?:UND_ERR_|HPE_|ERR_HTTP2_|Z_).*)$/;

/** The answer was longer than axios may read; it has no code of its own for that. */
export function isOversized(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('maxContentLength');
}

/** Whether the connection failed; if not, there is something with the call itself, such as a body that cannot be sent. */
export function isConnectionFailure(error: unknown): boolean {
  const code = codeOf(error);
  return !isOversized(error) && (NO_CONNECTION.test(code) || BROKEN.test(code));
}

/** Whether the failure speaks of the service, and not of what this one caller sends or can take. */
export function speaksOfService(error: unknown, body: unknown): boolean {
  if (!isConnectionFailure(error)) return false;
  return NO_CONNECTION.test(codeOf(error)) || !mayBreakConnection(body);
}
