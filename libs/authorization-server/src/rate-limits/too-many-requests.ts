/** The answer to a client of the protocol endpoints that asks too often. RFC 6585 §4; the code is RFC 6749's nearest. */
export const TOO_MANY_REQUESTS = {
  error: 'temporarily_unavailable',
  error_description: 'too many requests; try again later',
} as const;
