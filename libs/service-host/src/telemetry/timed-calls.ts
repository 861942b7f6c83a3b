import { context, createContextKey, type Attributes, type Context } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';

/** Something that a request led to, such as the call of another service, as its span tells. */
export interface TimedCall {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly attributes: Readonly<Attributes>;
}

/** Calls that are kept of one request. */
const MOST = 50;
const CALLS = createContextKey('timed calls of this request');

/** A context in which the spans that end are kept. */
export function keepingCalls(parent: Context): Context {
  return parent.setValue(CALLS, []);
}

/** What the current request has led to so far, in the order in which it ended. */
export function callsOfThisRequest(): readonly TimedCall[] {
  return [...(callsIn(context.active()) ?? [])];
}

/** Keeps the spans of a request as long as the request itself, and no longer. */
export class KeepCalls implements SpanProcessor {
  readonly #calls = new WeakMap<object, TimedCall[]>();

  onStart(span: object, parent: Context): void {
    const calls = callsIn(parent);
    if (calls) this.#calls.set(span, calls);
  }

  onEnd(span: ReadableSpan): void {
    const calls = this.#calls.get(span);
    if (!calls || calls.length >= MOST) return;
    const { name, startTime, duration, attributes } = span;
    calls.push({ name, startedAt: milliseconds(startTime), duration: milliseconds(duration), attributes });
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

function callsIn(active: Context): TimedCall[] | undefined {
  return active.getValue(CALLS) as TimedCall[] | undefined;
}

function milliseconds([seconds, nanoseconds]: ReadableSpan['startTime']): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}
