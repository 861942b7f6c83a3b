import { pgDriver } from './pg-driver.js';

/** Seconds. */
const RETRY_AFTER = 1;

/**
 * SQLSTATE of what passes without anybody changing the request: connection failures, resources that are used up, a server
 * that stops, starts or cancels what takes too long, a standby that does not write yet, and the one that a deadlock is ended with.
 * PostgreSQL, appendix A.
 */
export const PASSING = /^(08|53|57|25006$|25P03$|40P01$)/;

/** SQLSTATE of a write where none is taken. */
export const READ_ONLY = '25006';

/** The database cannot be reached, or does not answer in time. Says nothing about the request: it may be sent again. */
export class StoreUnavailable extends Error {
  /** Seconds until it is worth to try again. */
  readonly retryAfter = RETRY_AFTER;
  /** Of the failure, such as ECONNREFUSED or an SQLSTATE. */
  readonly code?: string;

  constructor(cause: unknown) {
    const { code, message } = cause as NodeJS.ErrnoException;
    super(`The database is not available: ${message || code}`, { cause });
    this.name = 'StoreUnavailable';
    if (code !== undefined) this.code = code;
  }
}

/** What a failure of the driver means: an outage, or a mistake that the database server answered. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error;
  const isMistake = error instanceof pgDriver().DatabaseError && !PASSING.test(error.code ?? '');
  return isMistake ? error : new StoreUnavailable(error);
}
