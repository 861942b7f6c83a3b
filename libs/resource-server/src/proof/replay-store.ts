import type { Clock } from '@onbehalf/oauth-protocol';

/** Remembers which proofs were used. Replicas of a service must share one, and it must be atomic. RFC 9449 §11.1. */
export interface ReplayStore {
  /**
   * Records the use of a proof; false when it was used before.
   * @param id hash of the key and the proof's `jti`
   * @param expiresAt seconds since the epoch after which the proof is too old anyway
   * @param jkt thumbprint of the key, for stores that share their room among keys
   */
  firstUse(id: string, expiresAt: number, jkt?: string): Promise<boolean>;
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

interface Use {
  readonly expiresAt: number;
  readonly jkt: string;
}

/**
 * The replay store of a single process; not for several replicas. When it is full, those keys have room that hold less than their
 * share, up to as much again: no client keeps out the others.
 */
export class InMemoryReplayStore implements ReplayStore {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #uses = new Map<string, Use>();
  /** How many of them are by one key. */
  readonly #held = new Map<string, number>();
  #sweptAt = 0;

  constructor(clock: Clock, limit = MAX_PROOFS) {
    this.#clock = clock;
    this.#limit = limit;
  }

  firstUse(id: string, expiresAt: number, jkt = ''): Promise<boolean> {
    if (this.#uses.has(id)) return Promise.resolve(false);
    if (this.#uses.size >= this.#limit) this.#forgetExpired();
    if (!this.#hasRoomFor(jkt)) return Promise.reject(new ReplayStoreFull());
    this.#uses.set(id, { expiresAt, jkt });
    this.#held.set(jkt, (this.#held.get(jkt) ?? 0) + 1);
    return Promise.resolve(true);
  }

  #hasRoomFor(jkt: string): boolean {
    if (this.#uses.size < this.#limit) return true;
    const held = this.#held.get(jkt) ?? 0;
    const keys = this.#held.size + (held === 0 ? 1 : 0);
    return this.#uses.size < 2 * this.#limit && held < Math.floor(this.#limit / keys);
  }

  #forgetExpired(): void {
    const now = this.#clock();
    // a full store must not be searched at every request
    if (now === this.#sweptAt) return;
    this.#sweptAt = now;
    for (const [id, { expiresAt, jkt }] of this.#uses) if (expiresAt < now) this.#forget(id, jkt);
  }

  #forget(id: string, jkt: string): void {
    this.#uses.delete(id);
    const held = this.#held.get(jkt)! - 1;
    if (held === 0) this.#held.delete(jkt);
    else this.#held.set(jkt, held);
  }
}
