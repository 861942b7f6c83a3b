/** The moment at which a call ends, whatever it is doing, and what it is then told. */
export interface Deadline {
  /** Aborted by the caller or at the deadline. */
  readonly signal: AbortSignal;
  /** Whether it was the deadline that ended the call. */
  readonly missed: () => boolean;
  /** The call is over: nothing waits for the deadline any more. */
  readonly clear: () => void;
}

/**
 * @param milliseconds `Infinity` for none
 * @param reason what the call fails with when it is not over by then
 */
export function startDeadline(milliseconds: number, reason: () => Error, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  const timer = Number.isFinite(milliseconds)
    ? setTimeout(() => controller.abort(reason()), milliseconds).unref()
    : undefined;
  return {
    signal: caller ? AbortSignal.any([caller, controller.signal]) : controller.signal,
    missed: () => controller.signal.aborted && !caller?.aborted,
    clear: () => clearTimeout(timer),
  };
}
