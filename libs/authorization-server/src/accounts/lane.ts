/** More work waits than can be done soon. */
export class LaneFull extends Error {
  /** Seconds. RFC 9110 §10.2.3 */
  readonly retryAfter = 5;

  constructor() {
    super('too much waits for its turn');
    this.name = 'LaneFull';
  }
}

export interface LaneOptions {
  /** Pieces of work at a time. */
  readonly width: number;
  /** Pieces of work that may wait. */
  readonly waiting: number;
}

/** Does costly work in the order of the calls, a few pieces at a time, so that all other work goes on. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Whether it would refuse more work. */
  get isFull(): boolean {
    return this.#busy >= this.#options.width && this.#waiting.length >= this.#options.waiting;
  }

  /** @throws LaneFull when too much waits; nothing has been done then */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#busy < this.#options.width) this.#busy += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#busy -= 1;
    }
  }

  #turn(): Promise<void> {
    if (this.isFull) throw new LaneFull();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
