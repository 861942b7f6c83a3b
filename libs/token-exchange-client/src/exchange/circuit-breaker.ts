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

/** What {@link CircuitBreaker.enter} answers: seconds to wait, or leave for one call, whose end must be recorded. */
export type Passage = { readonly wait: number } | { readonly record: (outcome: Outcome) => void };

/** Leaves a server alone that fails too often, or that asked for it, and lets one call through to see whether it is back. */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures: boolean[] = [];
  #closedUntil = Number.NEGATIVE_INFINITY;
  #tripped = false;
  #probing = false;
  #trips = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  enter(): Passage {
    const wait = this.#closedUntil - this.#options.monotonic();
    if (wait > 0) return { wait: Math.ceil(wait / 1000) };
    if (this.#probing) return { wait: 1 };
    this.#probing = this.#tripped;
    const trips = this.#trips;
    return { record: (outcome) => this.#record(outcome, trips) };
  }

  /** The server asked to be left alone for this many seconds (Retry-After). */
  rest(seconds: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, this.#options.monotonic() + seconds * 1000);
  }

  /** Whether calls are let through at present. */
  get available(): boolean {
    return !this.#tripped && this.#closedUntil <= this.#options.monotonic();
  }

  // a call that began before the last trip tells of a time that is over
  #record(outcome: Outcome, trips: number): void {
    if (trips !== this.#trips) return;
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

  #tooMany(): boolean {
    const failed = this.#failures.filter(Boolean).length;
    return failed >= this.#options.threshold * this.#options.window;
  }

  #trip(): void {
    this.#tripped = true;
    this.#trips += 1;
    this.rest(this.#options.rest / 1000);
  }
}
