import { AsyncLocalStorage } from 'node:async_hooks';
import type { TimedEvent } from './audit-chain.js';

/** An event that waits for the first thing that is stored while some work runs, and takes place with it. */
export class PendingEvent {
  readonly #waiting = new AsyncLocalStorage<{ event?: TimedEvent | undefined }>();

  /** @returns what the work returns, and the event if nothing has taken it */
  async during<Result>(
    event: TimedEvent,
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly left?: TimedEvent | undefined }> {
    const waiting: { event?: TimedEvent | undefined } = { event };
    const result = await this.#waiting.run(waiting, work);
    return { result, left: waiting.event };
  }

  /** The event that waits, for whoever stores something now; there is none afterwards. */
  take(): TimedEvent | undefined {
    const waiting = this.#waiting.getStore();
    const event = waiting?.event;
    if (waiting) waiting.event = undefined;
    return event;
  }
}
