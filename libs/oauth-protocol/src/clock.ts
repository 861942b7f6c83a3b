/** The current time in whole seconds since the epoch, the unit of every JWT date (RFC 7519 §2, NumericDate). */
export type Clock = () => number;

/** The clock of the machine. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000);
