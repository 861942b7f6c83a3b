/** The current time in whole seconds since the epoch, the unit of every JWT date (RFC 7519 §2, NumericDate). */
export type Clock = () => number;

/** The clock of the machine. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000);

/**
 * Whether less than so many seconds have gone by since a moment. A clock that is set back prolongs nothing: what is yet to come was
 * not a moment ago.
 */
export function isRecent(moment: number, seconds: number, now: number): boolean {
  return moment <= now && now - moment < seconds;
}
