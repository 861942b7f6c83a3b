/** The current time in whole seconds since the epoch, the unit of every JWT date (RFC 7519 §2, NumericDate). */
export type Clock = () => number;

/** The clock of the machine. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000);

/**
 * Whether what has held since a moment, for so many seconds, holds now. A clock that is set back prolongs nothing: what is yet to come
 * does not hold.
 */
export function stillHolds(since: number, seconds: number, now: number): boolean {
  return since <= now && now - since < seconds;
}
