import { AuthorizationResponseError, ResponseBodyError } from 'openid-client';

/** Characters of a description that the log keeps. */
const MAX_DESCRIPTION = 300;

/**
 * A failure with the error code and the description of the server in its message, which is what the log keeps; no page shows
 * them. RFC 6749 §4.1.2.1, §5.2
 */
export function explain(error: unknown): unknown {
  if (!(error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)) return error;
  const description = error.error_description?.slice(0, MAX_DESCRIPTION);
  const told = description === undefined ? '' : `: ${JSON.stringify(description)}`;
  return new Error(`The authorization server answered ${JSON.stringify(error.error)}${told}`, { cause: error });
}
