export interface BreakerOptions {
  /** How many of the last calls are looked at. */
  readonly window: number;
  /** The share of failures at which calls stop. */
  readonly threshold: number;
  /** Milliseconds without calls before one is tried again. */
  readonly rest: number;
  /** Milliseconds on a clock that is never set. */
  readonly monotonic: () => number;
}

export const DEFAULT_BREAKER = { window: 20, threshold: 0.5, rest: 5_000 } as const;

/** `abandoned`: nobody waited for the answer, so nothing was learnt. */
export type Outcome = 'success' | 'failure' | 'abandoned';

/** Leaves a server alone that fails too often, or that asked for it, and lets one call through to see whether it is back. */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures: boolean[] = [];
  #closedUntil = Number.NEGATIVE_INFINITY;
  #tripped = false;
  #probing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  /** Seconds to wait before a call makes sense; `undefined` when one may be made now, which must then be recorded. */
  enter(): number | undefined {
    const wait = this.#closedUntil - this.#options.monotonic();
    if (wait > 0) return Math.ceil(wait / 1000);
    if (!this.#tripped) return undefined;
    if (this.#probing) return 1;
    this.#probing = true;
    return undefined;
  }

  /** Tells how a call ended that {@link enter} allowed. */
  record(outcome: Outcome): void {
    const probe = this.#probing;
    this.#probing = false;
    if (outcome === 'abandoned') return;
    if (probe && outcome === 'success') {
      this.#tripped = false;
      this.#failures = [];
    }
    this.#failures.push(outcome === 'failure');
    if (this.#failures.length > this.#options.window) this.#failures.shift();
    if (outcome === 'failure' && (probe || this.#tooMany())) this.#trip();
  }

  /** The server asked to be left alone for this many seconds (Retry-After). */
  rest(seconds: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, this.#options.monotonic() + seconds * 1000);
  }

  /** Whether calls are let through at present. */
  get available(): boolean {
    return !this.#tripped && this.#closedUntil <= this.#options.monotonic();
  }

  #tooMany(): boolean {
    const failed = this.#failures.filter(Boolean).length;
    return failed >= this.#options.threshold * this.#options.window;
  }

  #trip(): void {
    this.#tripped = true;
    this.rest(this.#options.rest / 1000);
  }
}
