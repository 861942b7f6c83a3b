import { setTimeout as sleep } from 'node:timers/promises';
import type { OutageLog } from './outage-log.js';
import type { CircuitBreaker, Outcome } from './circuit-breaker.js';
import type { ExchangedToken } from '../tokens/exchanged-token.js';
import { ExchangeRefused, ExchangeUnavailable } from '../tokens/exchange-errors.js';
import { PassingFailure, type TokenEndpoint } from './token-endpoint.js';
import type { TokenRequest } from '../tokens/token-request.js';

export interface TokenRequesterOptions {
  readonly endpoint: TokenEndpoint;
  readonly breaker: CircuitBreaker;
  readonly outages: OutageLog;
  /** Milliseconds for the whole exchange, the second attempt included. */
  readonly timeout: number;
}

/** Milliseconds; the second attempt comes after a random part of it, so that callers do not return in step. */
const MAX_JITTER = 200;

/** Asks the token endpoint, at most twice, within a bounded time, and not at all while it rests. */
export class TokenRequester {
  readonly #options: TokenRequesterOptions;

  constructor(options: TokenRequesterOptions) {
    this.#options = options;
  }

  /**
   * @throws ExchangeRefused, ExchangeUnavailable
   */
  async request(request: TokenRequest, signal: AbortSignal): Promise<ExchangedToken> {
    const deadline = AbortSignal.timeout(this.#options.timeout);
    const either = AbortSignal.any([signal, deadline]);
    try {
      return await this.#askTwice(request, either);
    } catch (error) {
      if (!signal.aborted && deadline.aborted && !isVerdict(error)) {
        const cause = `it did not answer in ${this.#options.timeout} ms`;
        this.#options.outages.failed(cause, 'timeout');
        throw new ExchangeUnavailable('timeout', `The token endpoint did not answer in ${this.#options.timeout} ms`);
      }
      throw error;
    }
  }

  async #askTwice(request: TokenRequest, signal: AbortSignal): Promise<ExchangedToken> {
    try {
      return await this.#ask(request, signal);
    } catch (error) {
      if (!(error instanceof PassingFailure) || error.retryAfter !== undefined) throw error;
      await sleep(Math.random() * MAX_JITTER, undefined, { signal });
      return this.#ask(request, signal);
    }
  }

  async #ask(request: TokenRequest, signal: AbortSignal): Promise<ExchangedToken> {
    const { breaker, endpoint, outages } = this.#options;
    const passage = breaker.enter();
    if ('wait' in passage) {
      throw new ExchangeUnavailable('resting', 'The token endpoint is left alone', passage.wait);
    }
    let outcome: Outcome = 'failure';
    try {
      const token = await endpoint.ask(request, signal);
      outcome = 'success';
      outages.works();
      return token;
    } catch (error) {
      outcome = outcomeOf(error, signal);
      if (error instanceof ExchangeRefused) outages.works();
      // discovery tells its own causes
      if (error instanceof ExchangeUnavailable && error.reason !== 'discovery')
        outages.failed(error.message, error.reason);
      if (error instanceof ExchangeUnavailable && error.reason === 'status' && error.retryAfter !== undefined) {
        breaker.rest(error.retryAfter);
      }
      throw error;
    } finally {
      passage.record(outcome);
    }
  }
}

function isVerdict(error: unknown): boolean {
  return error instanceof ExchangeRefused || error instanceof ExchangeUnavailable;
}

// A refusal is an answer of a server that works.
function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  if (error instanceof ExchangeRefused) return 'success';
  // the endpoint was not asked; discovery has its own pace
  if (error instanceof ExchangeUnavailable) return error.reason === 'discovery' ? 'abandoned' : 'failure';
  const timedOut = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  return signal.aborted && !timedOut ? 'abandoned' : 'failure';
}
