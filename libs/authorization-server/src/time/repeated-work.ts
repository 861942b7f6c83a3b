/** Work that is done again and again while the application runs, never twice at a time. */
export class RepeatedWork {
  readonly #work: () => Promise<void>;
  readonly #onFailure: ((error: unknown) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  /** @param onFailure is told when the work rejects; it is done again all the same */
  constructor(work: () => Promise<void>, onFailure?: (error: unknown) => void) {
    this.#work = work;
    this.#onFailure = onFailure;
  }

  /** @param interval seconds */
  start(interval: number): void {
    this.#timer = setInterval(() => void this.now(), interval * 1000).unref();
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** Does the work now, or waits for it where it is under way. Never rejects. */
  now(): Promise<void> {
    this.#running ??= this.#work()
      .catch((error: unknown) => this.#onFailure?.(error))
      .finally(() => (this.#running = undefined));
    return this.#running;
  }
}
