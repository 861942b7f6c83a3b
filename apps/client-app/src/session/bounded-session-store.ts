import { Store, type SessionData } from 'express-session';

interface Entry {
  readonly data: string;
  readonly expiresAt: number;
}

export interface BoundedSessionStoreOptions {
  readonly maxSessions: number;
  /** How long a session lives, however often it is used. Milliseconds. */
  readonly timeToLive: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Sessions in memory: never more than a number of them, of which the one goes first that was used least recently, and each for a limited time. */
export class BoundedSessionStore extends Store {
  readonly #maxSessions: number;
  readonly #timeToLive: number;
  readonly #now: () => number;
  /** In the order of last use, the oldest first. */
  readonly #sessions = new Map<string, Entry>();

  constructor({ maxSessions, timeToLive, now = Date.now }: BoundedSessionStoreOptions) {
    super();
    this.#maxSessions = maxSessions;
    this.#timeToLive = timeToLive;
    this.#now = now;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    const entry = this.#find(id);
    callback(null, entry ? (JSON.parse(entry.data) as SessionData) : null);
  }

  set(id: string, session: SessionData, callback?: (error?: unknown) => void): void {
    const expiresAt = this.#find(id)?.expiresAt ?? this.#now() + this.#timeToLive;
    this.#sessions.delete(id);
    this.#sessions.set(id, { data: JSON.stringify(session), expiresAt });
    while (this.size > this.#maxSessions) this.#evict();
    callback?.();
  }

  override touch(id: string, _session: SessionData, callback?: () => void): void {
    const entry = this.#find(id);
    if (entry) {
      this.#sessions.delete(id);
      this.#sessions.set(id, entry);
    }
    callback?.();
  }

  destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#sessions.delete(id);
    callback?.();
  }

  #find(id: string): Entry | undefined {
    const entry = this.#sessions.get(id);
    if (entry && entry.expiresAt > this.#now()) return entry;
    this.#sessions.delete(id);
    return undefined;
  }

  #evict(): void {
    const oldest = this.#sessions.keys().next();
    if (!oldest.done) this.#sessions.delete(oldest.value);
  }
}
