import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';

/** A failure with the error code of the server in its message, which is what the log keeps. RFC 6749 §4.1.2.1, §5.2 */
export function explain(error: unknown): unknown {
  if (!(error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)) return error;
  return new Error(`The authorization server answered ${JSON.stringify(error.error)}`, { cause: error });
}
