import type { Schema } from './standard-schema.js';

/** What can be said about a call beside its path and body. */
export interface CallOptions<T = unknown> {
  /** What the body of the answer must be; any Standard Schema, such as Zod's. */
  readonly schema?: Schema<T>;
  readonly params?: Readonly<Record<string, unknown>>;
  /** `authorization` and `dpop` are set by the client. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Milliseconds; default: the definition's. */
  readonly timeout?: number;
}

/** One call of a downstream service. */
export interface Call<T = unknown> extends CallOptions<T> {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}
