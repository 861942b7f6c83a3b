import type { Logger } from 'pino';

/** What LOG_LEVEL may be. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevelName = (typeof LOG_LEVELS)[number];

/** The level from which on an app logs, which may change while it runs: for all of its loggers at once. */
export class LogLevel {
  /** Those that can be chosen, from the one that says least. */
  readonly levels: readonly string[] = LOG_LEVELS;
  readonly #loggers = new Set<WeakRef<Logger>>();
  #lasting: LogLevelName;
  #current: LogLevelName;
  #end: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;

  /** @param level as it is at the start */
  constructor(level: LogLevelName) {
    this.#lasting = level;
    this.#current = level;
  }

  get current(): string {
    return this.#current;
  }

  /** When the level before comes back, in seconds since the epoch; `undefined`: it does not. */
  get until(): number | undefined {
    return this.#end?.at;
  }

  /**
   * From now on this level.
   * @param seconds how long; afterwards the one comes back that was set without an end, or at the start
   */
  set(level: string, seconds?: number): void {
    clearTimeout(this.#end?.timer);
    this.#end = undefined;
    if (seconds === undefined) this.#lasting = level as LogLevelName;
    else {
      const timer = setTimeout(() => this.set(this.#lasting), seconds * 1000).unref();
      this.#end = { at: Math.floor(Date.now() / 1000) + seconds, timer };
    }
    this.#put(level as LogLevelName);
  }

  /** Has a logger, and what is made from it, go by this level. */
  follow(logger: Logger): void {
    logger.level = this.#current;
    this.#loggers.add(new WeakRef(logger));
  }

  #put(level: LogLevelName): void {
    this.#current = level;
    for (const reference of this.#loggers) {
      const logger = reference.deref();
      if (logger) logger.level = level;
      else this.#loggers.delete(reference);
    }
  }
}
