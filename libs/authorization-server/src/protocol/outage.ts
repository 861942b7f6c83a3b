/**
 * Seconds until it is worth to try again, when an error, or one that caused it, says so: something that the server needs is
 * out of reach for now, be it a database, a signer or the keys of an issuer. RFC 9110 §10.2.3
 */
export function retryAfterOf(error: unknown): number | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('retryAfter' in each && typeof each.retryAfter === 'number') return each.retryAfter;
  }
  return undefined;
}

/** The answer to callers then. */
export const UNAVAILABLE = {
  error: 'temporarily_unavailable',
  error_description: 'the server cannot do this for now; try again later',
} as const;
