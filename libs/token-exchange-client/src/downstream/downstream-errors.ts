import type { StepUp } from '../tokens/exchange-errors.js';

export interface DownstreamRefusalDetail {
  /** The name of the service, as configured. */
  readonly service: string;
  readonly status: number;
  /** The `error` of the challenge (RFC 6750 §3.1). */
  readonly error?: string;
  readonly description?: string;
  readonly stepUp?: StepUp;
  /** The body of the answer. */
  readonly body?: unknown;
}

/** The downstream service answered, but not with success: a 3xx or 4xx. */
export class DownstreamRefused extends Error {
  readonly service: string;
  readonly status: number;
  readonly error: string | undefined;
  readonly description: string | undefined;
  /** Present when the user must authenticate again, or stronger. RFC 9470. */
  readonly stepUp: StepUp | undefined;
  /** The body of the answer, for the caller to judge; not in the message. */
  readonly body: unknown;

  constructor({ service, status, error, description, stepUp, body }: DownstreamRefusalDetail) {
    super(`${service} refused the call: ${status}${error ? ` ${error}` : ''}`);
    this.name = 'DownstreamRefused';
    this.service = service;
    this.status = status;
    this.error = error;
    this.description = description;
    this.stepUp = stepUp;
    Object.defineProperty(this, 'body', { value: body, enumerable: false });
  }
}

/** Why a downstream service could not be called. */
export type DownstreamFailure =
  /** The call was not over at its deadline: exchange, repeats and body together. */
  | 'timeout'
  /** No connection, or a broken one. */
  | 'connection'
  /** It answered 429 or 5xx. */
  | 'status'
  /** It failed too often just now and is left alone, or it asked to be left alone (Retry-After). */
  | 'resting'
  /** Its answer is longer than `maxAnswerBytes`. */
  | 'oversized'
  /** The body of the call could not be sent. */
  | 'unsent';

/** The downstream service cannot be called now, or failed: no connection, no answer in time, 429 or 5xx. */
export class DownstreamUnavailable extends Error {
  constructor(
    readonly service: string,
    readonly reason: DownstreamFailure,
    readonly status?: number,
    /** Seconds until it is worth to try again. */
    readonly retryAfter?: number,
  ) {
    super(`${service} is unavailable: ${reason}${status ? ` ${status}` : ''}`);
    this.name = 'DownstreamUnavailable';
  }
}

/** The downstream service answered with success, but not with what the schema demands. */
export class UnexpectedAnswer extends Error {
  constructor(
    readonly service: string,
    /** What is wrong, each with the path to it; without the values. */
    readonly issues: readonly string[],
  ) {
    super(`${service} answered with something unexpected: ${issues.join('; ')}`);
    this.name = 'UnexpectedAnswer';
  }
}
