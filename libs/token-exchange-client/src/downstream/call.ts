import type { Readable } from 'node:stream';
import type { Schema } from './standard-schema.js';

/** How the body of an answer is given. */
export type ResponseType = keyof AnswerBodies<unknown>;

interface AnswerBodies<T> {
  /** The parsed JSON; text that says so of itself (`text/*`) and is no JSON as a string; `undefined` when there is no body. */
  readonly json: T;
  /** Decoded as its `charset` says, as UTF-8 without one. */
  readonly text: string;
  /** Byte for byte. */
  readonly bytes: Uint8Array;
  /** Unread; the caller reads it to its end or destroys it. The deadline of the call holds for it too. */
  readonly stream: Readable;
}

/** The body of an answer, by the response type that was asked for. */
export type AnswerBody<T, R extends ResponseType> = AnswerBodies<T>[R];

/** What can be said about a call beside its path and body. */
export interface CallOptions<T = unknown, R extends ResponseType = ResponseType> {
  /** What a JSON body must be; any Standard Schema, such as Zod's. */
  readonly schema?: Schema<T>;
  /** Default `json`. */
  readonly responseType?: R;
  readonly params?: Readonly<Record<string, unknown>>;
  /** `authorization` and `dpop` are set by the client. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole call: exchange, repeats and body; default: the definition's. `Infinity`: no end. */
  readonly timeout?: number;
}

/** One call of a downstream service. */
export interface Call<T = unknown, R extends ResponseType = ResponseType> extends CallOptions<T, R> {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}
