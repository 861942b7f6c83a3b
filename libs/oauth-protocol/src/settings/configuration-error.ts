/**
 * A mistake in the configuration. It stops the start; the message is one line that names the setting, what was given and
 * what is accepted. Never put a secret into `given`.
 */
export class ConfigurationError extends Error {
  constructor(
    readonly setting: string,
    readonly given: unknown,
    readonly accepted: string,
  ) {
    super(`${setting} is ${given === undefined ? 'missing' : JSON.stringify(given)}; accepted: ${accepted}`);
    this.name = 'ConfigurationError';
  }

  /** The same mistake, told as one of the options of a module. */
  of(module: string): ConfigurationError {
    return new ConfigurationError(`${module}.${this.setting}`, this.given, this.accepted);
  }
}
