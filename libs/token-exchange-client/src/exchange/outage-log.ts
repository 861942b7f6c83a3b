import { Logger } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';

/** Tells why something is out: in the log once for each change of the cause, and in the metrics each time. */
export class OutageLog {
  readonly #logger = new Logger('TokenExchangeModule');
  readonly #what: string;
  readonly #failures = metrics.getMeter('@onbehalf/token-exchange-client').createCounter('onbehalf.exchange.failures', {
    description: 'Requests to the authorization server without a usable answer',
  });
  #cause: string | undefined;

  /** @param what is out or back, as the log names it */
  constructor(what: string) {
    this.#what = what;
  }

  /** Why it is out at present; `undefined` while it is not known to be. */
  get cause(): string | undefined {
    return this.#cause;
  }

  failed(cause: string, reason: string): void {
    this.#failures.add(1, { reason });
    if (cause !== this.#cause) this.#logger.error(`${this.#what} is unavailable: ${cause}`);
    this.#cause = cause;
  }

  works(): void {
    if (this.#cause !== undefined) this.#logger.log(`${this.#what} is available again`);
    this.#cause = undefined;
  }
}
