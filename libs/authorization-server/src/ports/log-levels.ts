/** The level from which on the application logs, where it can be changed while it runs: for `/admin/log-level`. */
export interface LogLevels {
  /** Those that can be chosen. */
  readonly levels: readonly string[];
  readonly current: string;
  /** When the level before comes back, in seconds since the epoch; `undefined`: it does not. */
  readonly until: number | undefined;
  /**
   * From now on this level.
   * @param seconds how long; afterwards the one comes back that was set without an end, or at the start
   */
  set(level: string, seconds?: number): void;
}
