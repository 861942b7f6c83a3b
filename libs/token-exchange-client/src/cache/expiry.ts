import type { Clock } from '@onbehalf/oauth-protocol';

/** The two clocks of a cache: the wall clock can be set, the other one stands still while the machine sleeps. */
export interface Clocks {
  /** Seconds since the epoch. */
  readonly wall: Clock;
  /** Milliseconds since some moment. */
  readonly monotonic: () => number;
}

/** A moment on both clocks. What expires has expired when either clock says so: a clock that is set back prolongs nothing. */
export interface Expiry {
  readonly wall: number;
  readonly monotonic: number;
}

export function expiryIn(seconds: number, clocks: Clocks): Expiry {
  return { wall: clocks.wall() + seconds, monotonic: clocks.monotonic() + seconds * 1000 };
}

export function isExpired(expiry: Expiry, clocks: Clocks): boolean {
  return clocks.wall() >= expiry.wall || clocks.monotonic() >= expiry.monotonic;
}

/**
 * Seconds that a token may be reused: until shortly before it expires, and never past the token it was exchanged for.
 * A server that does not say how long its token lives leaves nothing to reuse.
 */
export function reusableFor(
  expiresIn: number | undefined,
  subjectExpiresAt: number | undefined,
  skew: number,
  clocks: Clocks,
): number {
  if (expiresIn === undefined) return 0;
  const subjectRemaining = subjectExpiresAt === undefined ? Number.POSITIVE_INFINITY : subjectExpiresAt - clocks.wall();
  return Math.max(0, Math.min(expiresIn - skew, subjectRemaining));
}
