import type { ServerConfig } from './schema/server-config.schema.js';

/** The configuration file as it counts now: as it was read at the start, or since. */
export class FileInForce {
  #current: ServerConfig;

  constructor(file: ServerConfig) {
    this.#current = file;
  }

  /** As of now; do not keep it. */
  get current(): ServerConfig {
    return this.#current;
  }

  /** From here on this one counts. */
  replace(file: ServerConfig): void {
    this.#current = file;
  }
}
