import type { Ended } from './provider-profile.js';

/** Seconds until a provider is asked again that did not answer, or answered that something is wrong with it. */
export const BACK_OFF = 30;

interface UnavailabilityDetail {
  readonly retryAfter?: number;
  readonly isAnswer?: boolean;
  readonly cause?: unknown;
}

/** A provider cannot be asked now, or not with success. Says nothing about the account: an outage never ends one. */
export class ProviderUnavailable extends Error {
  /** Seconds until it is worth to try again. */
  readonly retryAfter: number;
  /** Whether the provider has said so itself; else nobody knows what has become of the request. */
  readonly isAnswer: boolean;

  constructor(
    readonly provider: string,
    reason: string,
    { retryAfter = BACK_OFF, isAnswer = false, cause }: UnavailabilityDetail = {},
  ) {
    super(`${provider} is unavailable: ${reason}`, { cause });
    this.name = 'ProviderUnavailable';
    this.retryAfter = retryAfter;
    this.isAnswer = isAnswer;
  }
}

/** A provider has refused. */
export class ProviderRefused extends Error {
  constructor(
    readonly provider: string,
    /** As the provider calls it; no text of its. */
    readonly code: string,
    /** How the account has ended, where the refusal says so. */
    readonly ended?: Ended,
    options?: ErrorOptions,
  ) {
    super(`${provider} refused: ${code}`, options);
    this.name = 'ProviderRefused';
  }
}
