import type { Clock } from '@onbehalf/oauth-protocol';

/** Remembers which proofs were used. Replicas of a service must share one, and it must be atomic. RFC 9449 §11.1. */
export interface ReplayStore {
  /**
   * Records the use of a proof; false when it was used before.
   * @param id hash of the key and the proof's `jti`
   * @param expiresAt seconds since the epoch after which the proof is too old anyway
   */
  firstUse(id: string, expiresAt: number): Promise<boolean>;
}

/** No room for another proof. To forget an older one would let it be replayed. */
export class ReplayStoreFull extends Error {
  constructor() {
    super('The replay store is full');
    this.name = 'ReplayStoreFull';
  }
}

/** Proofs that one process remembers. */
const MAX_PROOFS = 100_000;

/** The replay store of a single process; not for several replicas. */
export class InMemoryReplayStore implements ReplayStore {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #expiries = new Map<string, number>();
  #sweptAt = 0;

  constructor(clock: Clock, limit = MAX_PROOFS) {
    this.#clock = clock;
    this.#limit = limit;
  }

  firstUse(id: string, expiresAt: number): Promise<boolean> {
    if (this.#expiries.has(id)) return Promise.resolve(false);
    if (this.#expiries.size >= this.#limit) this.#forgetExpired();
    if (this.#expiries.size >= this.#limit) return Promise.reject(new ReplayStoreFull());
    this.#expiries.set(id, expiresAt);
    return Promise.resolve(true);
  }

  #forgetExpired(): void {
    const now = this.#clock();
    // a full store must not be searched at every request
    if (now <= this.#sweptAt) return;
    this.#sweptAt = now;
    for (const [id, expiresAt] of this.#expiries) {
      if (expiresAt < now) this.#expiries.delete(id);
    }
  }
}
