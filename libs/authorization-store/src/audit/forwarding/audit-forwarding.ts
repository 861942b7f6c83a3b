import { setTimeout as sleep } from 'node:timers/promises';
import { RecordsRefused, type AuditReceiver, type ForwardedRecord } from './audit-receiver.js';
import { HOLD, PAGE, type HeldChains, type PendingRecords } from './held-chains.js';

/** Observes how the forwarding goes. */
export interface ForwardingObserver {
  /** The receiver has accepted so many more records. */
  forwarded(count: number): void;
  /** The receiver does not want these records; they stay in the database only. */
  refused(records: readonly ForwardedRecord[], reason: Error): void;
  /** Nothing goes out for the time being; told once until `resumed`. */
  stalled(reason: Error): void;
  /** What goes out is accepted again. */
  resumed(): void;
}

/** How records are forwarded to a receiver outside. */
export interface ForwardingOptions {
  readonly receiver: AuditReceiver;
  readonly observer: ForwardingObserver;
  /** Milliseconds between two looks for new records; 1000 unless told. */
  readonly interval?: number;
  /** Milliseconds that the last records may take when the store is closed; 2000 unless told. */
  readonly closeWithin?: number;
}

/** Milliseconds between two pages of a backlog, so that it does not crowd out the requests. */
const PACE = 50;
/** The longest wait after failures in a row. Milliseconds. */
const LONGEST_WAIT = 60_000;

/**
 * Copies the records of the audit trail to a receiver, at least once and in the order of each chain. It follows the
 * database, not the requests: only what is committed goes out, nothing waits for it, and what cannot be delivered waits
 * where it is, with one page of it in memory.
 */
export class AuditForwarding {
  readonly #chains: HeldChains;
  readonly #options: ForwardingOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #positions = new Map<string, number>();
  #heldAt = -Infinity;
  #failures = 0;

  constructor(chains: HeldChains, options: ForwardingOptions) {
    this.#chains = chains;
    this.#options = options;
    this.#running = this.#run();
  }

  /** How many records wait. */
  pending(): Promise<PendingRecords> {
    return this.#chains.pending();
  }

  /** Forwards what there still is, for a limited time, and leaves the rest to other processes or the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    const over = sleep(this.#options.closeWithin ?? 2_000, undefined, { ref: false });
    await Promise.race([this.#running.then(() => this.#forwardRest()), over]);
    // who goes on finds them at once, not when the hold is over
    await this.#chains.release().catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const more = await this.#attempt();
      await this.#wait(more ? PACE : this.#pause());
    }
  }

  async #forwardRest(): Promise<void> {
    while (await this.#attempt());
  }

  #pause(): number {
    const { interval = 1_000 } = this.#options;
    return Math.min(interval * 2 ** this.#failures, LONGEST_WAIT);
  }

  async #wait(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { ref: false, signal: this.#stop.signal }).catch(() => undefined);
  }

  /** One round that never fails. Returns whether there is more. */
  async #attempt(): Promise<boolean> {
    try {
      const more = await this.#round();
      if (this.#failures > 0) this.#options.observer.resumed();
      this.#failures = 0;
      return more;
    } catch (error) {
      if (this.#failures === 0) this.#options.observer.stalled(error as Error);
      this.#failures += 1;
      return false;
    }
  }

  async #round(): Promise<boolean> {
    if (performance.now() - this.#heldAt > (HOLD / 3) * 1000) {
      this.#positions = await this.#chains.hold();
      this.#heldAt = performance.now();
    }
    let more = false;
    for (const [writer, position] of this.#positions) {
      const records = await this.#chains.recordsAfter(writer, position);
      if (records.length > 0) await this.#forward(writer, records);
      if (records.length === PAGE) more = true;
      else if (writer !== this.#chains.own) await this.#leave(writer);
    }
    return more;
  }

  async #forward(writer: string, records: readonly ForwardedRecord[]): Promise<void> {
    const refused: ForwardedRecord[] = [];
    let reason: Error | undefined;
    await this.#deliver(records, (record, why) => {
      refused.push(record);
      reason = why;
    });
    const { sequence } = records.at(-1)!;
    const held = await this.#chains.advance(writer, sequence);
    if (held) this.#positions.set(writer, sequence);
    else this.#positions.delete(writer);
    if (reason) this.#options.observer.refused(refused, reason);
    this.#options.observer.forwarded(records.length - refused.length);
  }

  /** Records that are refused together are offered one by one: what is wrong with one is no reason to lose the others. */
  async #deliver(
    records: readonly ForwardedRecord[],
    onRefused: (record: ForwardedRecord, reason: Error) => void,
  ): Promise<void> {
    try {
      await this.#options.receiver.accept(records);
    } catch (error) {
      if (!(error instanceof RecordsRefused)) throw error;
      const [only] = records;
      if (records.length === 1 && only) return onRefused(only, error);
      for (const record of records) await this.#deliver([record], onRefused);
    }
  }

  /** The chain of an ended process that has come to its end. */
  async #leave(writer: string): Promise<void> {
    this.#positions.delete(writer);
    await this.#chains.release(writer);
  }
}
