import { Logger } from '@nestjs/common';
import { types } from 'node:util';

/** Told how an attempt to reach something ended: with what went wrong, or with `undefined`. */
export type Report = (failure: unknown) => void;

/**
 * Why what the guard depends on is out of reach: keys, introspection, revocation feed. Each cause is logged once, when it comes
 * up, and once more when it is over; requests in between say nothing new.
 */
export class Outages {
  readonly #logger = new Logger('ResourceServerModule');
  readonly #causes = new Map<string, string>();
  readonly #failures = new Map<string, number>();

  /** What to report attempts to. @param what as the log names it, such as `the keys of https://issuer.example.com` */
  reportOf(what: string): Report {
    this.#failures.set(what, 0);
    return (failure) => {
      if (failure === undefined) this.#recovered(what);
      else this.#failed(what, causeOf(failure));
    };
  }

  /** What is out now, and why. */
  get causes(): ReadonlyMap<string, string> {
    return this.#causes;
  }

  /** How many attempts have failed since the start, by what was out. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  #failed(what: string, cause: string): void {
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
    if (this.#causes.get(what) === cause) return;
    this.#causes.set(what, cause);
    this.#logger.error(`Cannot get ${what}: ${cause}`);
  }

  #recovered(what: string): void {
    if (this.#causes.delete(what)) this.#logger.log(`Got ${what} again`);
  }
}

/** The messages and codes of an error and of what caused it; fetch says of a bad certificate only "fetch failed". */
function causeOf(failure: unknown): string {
  if (!types.isNativeError(failure)) return 'an unknown failure';
  // its message quotes what could not be read
  if (failure.name === 'SyntaxError') return 'the answer is not JSON';
  const { message } = failure;
  const { code } = failure as NodeJS.ErrnoException;
  const own = typeof code === 'string' && !message.includes(code) ? `${message} (${code})`.trim() : message;
  return types.isNativeError(failure.cause) ? `${own}: ${causeOf(failure.cause)}` : own;
}
