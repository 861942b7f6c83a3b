import type { LogLevel } from '../telemetry/log-level.js';

/** What an app may ask of the host around it while it runs. */
export interface Host {
  /** How much the app logs, which it may change. */
  readonly logLevel: LogLevel;
  /**
   * The settings that a start would read otherwise by now, by name: from `.env`, and from the files that `NAME_FILE`s name.
   * @throws ConfigurationError, or an AggregateError of several, for settings that a start would refuse
   */
  changedSettings(): readonly string[];
}
