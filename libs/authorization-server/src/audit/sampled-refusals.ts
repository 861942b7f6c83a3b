import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { AuditEvent, ServerAuditTrail } from './audit-event.js';

/** Records of one kind in one window; what is more is counted. */
const SAMPLES = 10;
/** Seconds. */
const WINDOW = 600;

type Refusal = AuditEvent & { readonly outcome: 'rejected' | 'failed' | 'issued' };

/** How many requests of one kind were refused in this window. */
interface Kind {
  readonly requested: string;
  count: number;
}

export interface SampledRefusalsOptions {
  readonly trail: Pick<ServerAuditTrail, 'append'>;
  readonly clock: Clock;
  /** Is told of each, recorded or not. */
  readonly onRefused?: (requested: string) => void;
}

/**
 * Records what was refused to callers that nobody knows: the first of each kind in ten minutes, and how many there were beside
 * them. Whoever needs no account to be refused cannot fill the database by it.
 */
export class SampledRefusals implements BeforeApplicationShutdown {
  readonly #options: SampledRefusalsOptions;
  #since: number;
  #kinds = new Map<string, Kind>();

  constructor(options: SampledRefusalsOptions) {
    this.#options = options;
    this.#since = options.clock();
  }

  /**
   * @param event its `subject`, where it has one, must be an account or a client of this server: each is a kind of its own
   * @throws when a record cannot be written
   */
  async record(event: Refusal): Promise<void> {
    const { type } = event;
    this.#options.onRefused?.(type);
    await this.#beginWindow();
    const key = JSON.stringify([type, 'subject' in event ? event.subject : undefined]);
    const kind = this.#kinds.get(key) ?? { requested: type, count: 0 };
    this.#kinds.set(key, kind);
    kind.count += 1;
    if (kind.count <= SAMPLES) await this.#options.trail.append(event);
  }

  /** Tells what has not been told yet. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#tell().catch(() => undefined);
  }

  async #beginWindow(): Promise<void> {
    if (this.#options.clock() - this.#since >= WINDOW) await this.#tell();
  }

  async #tell(): Promise<void> {
    const [kinds, since, until] = [this.#kinds, this.#since, this.#options.clock()];
    this.#kinds = new Map();
    this.#since = until;
    const counts = new Map<string, number>();
    for (const { requested, count } of kinds.values()) {
      if (count > SAMPLES) counts.set(requested, (counts.get(requested) ?? 0) + count - SAMPLES);
    }
    for (const [requested, count] of counts) {
      await this.#options.trail.append({
        type: 'refused_requests',
        outcome: 'rejected',
        requested,
        count,
        since,
        until,
      });
    }
  }
}
