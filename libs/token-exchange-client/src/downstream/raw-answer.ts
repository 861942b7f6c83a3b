import type { Readable } from 'node:stream';
import type { Call } from './call.js';

/** An answer of any status, its body as bytes, or as a stream where that was asked for. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case names; those that may come several times, such as `set-cookie`, as a list. */
  readonly headers: object;
  readonly header: (name: string) => string | undefined;
  readonly data: Uint8Array | Readable;
}

/**
 * Sends a call with an exchanged token, and gives back whatever is answered.
 * @throws NoSubjectToken, ExchangeRefused, ExchangeUnavailable, DownstreamRefused, DownstreamUnavailable
 */
export type SendCall = (call: Call) => Promise<RawAnswer>;
