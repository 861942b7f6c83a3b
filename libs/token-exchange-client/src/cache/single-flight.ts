interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/** One piece of work per key at a time, shared by all who ask for it meanwhile. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** How many pieces of work are under way. */
  get size(): number {
    return this.#flights.size;
  }

  /** Whether work for the key is under way. */
  has(key: string): boolean {
    return this.#flights.has(key);
  }

  /**
   * Runs `work`, or waits for the run that is under way. A caller that aborts stops waiting and disturbs nobody else; the work
   * itself is aborted when nobody waits for it any more.
   */
  async run(key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiting += 1;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = (): void => reject(signal?.reason as Error);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([flight.result, aborted]);
    } finally {
      signal?.removeEventListener('abort', abort);
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#abandon(key, flight);
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = {
      controller,
      waiting: 0,
      result: work(controller.signal).finally(() => this.#remove(key, flight)),
    };
    // everybody may have left before it fails
    flight.result.catch(() => undefined);
    this.#flights.set(key, flight);
    return flight;
  }

  #abandon(key: string, flight: Flight<T>): void {
    this.#remove(key, flight);
    flight.controller.abort();
  }

  #remove(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
