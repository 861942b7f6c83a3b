import { Store, type SessionData } from 'express-session';

interface Entry {
  readonly data: string;
  readonly signedIn: boolean;
  readonly expiresAt: number;
}

export interface BoundedSessionStoreOptions {
  readonly maxSessions: number;
  /** How long a session lives, however often it is used. Milliseconds. */
  readonly timeToLive: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Sessions in memory: never more than a number of them, and each for a limited time. When there are too many, those of
 * visitors who have not signed in go first, so that a flood of visitors logs nobody out.
 */
export class BoundedSessionStore extends Store {
  readonly #maxSessions: number;
  readonly #timeToLive: number;
  readonly #now: () => number;
  /** In the order of last use, the oldest first. */
  readonly #sessions = { signedIn: new Map<string, Entry>(), visitors: new Map<string, Entry>() };

  constructor({ maxSessions, timeToLive, now = Date.now }: BoundedSessionStoreOptions) {
    super();
    this.#maxSessions = maxSessions;
    this.#timeToLive = timeToLive;
    this.#now = now;
  }

  get size(): number {
    return this.#sessions.signedIn.size + this.#sessions.visitors.size;
  }

  get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    const entry = this.#find(id);
    callback(null, entry ? (JSON.parse(entry.data) as SessionData) : null);
  }

  set(id: string, session: SessionData, callback?: (error?: unknown) => void): void {
    const expiresAt = this.#find(id)?.expiresAt ?? this.#now() + this.#timeToLive;
    this.#remove(id);
    this.#put(id, { data: JSON.stringify(session), signedIn: session.login !== undefined, expiresAt });
    while (this.size > this.#maxSessions) this.#evict();
    callback?.();
  }

  override touch(id: string, _session: SessionData, callback?: () => void): void {
    const entry = this.#find(id);
    if (entry) {
      this.#remove(id);
      this.#put(id, entry);
    }
    callback?.();
  }

  destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#remove(id);
    callback?.();
  }

  #find(id: string): Entry | undefined {
    const entry = this.#sessions.signedIn.get(id) ?? this.#sessions.visitors.get(id);
    if (entry && entry.expiresAt > this.#now()) return entry;
    this.#remove(id);
    return undefined;
  }

  #put(id: string, entry: Entry): void {
    (entry.signedIn ? this.#sessions.signedIn : this.#sessions.visitors).set(id, entry);
  }

  #remove(id: string): void {
    this.#sessions.signedIn.delete(id);
    this.#sessions.visitors.delete(id);
  }

  #evict(): void {
    const from = this.#sessions.visitors.size > 0 ? this.#sessions.visitors : this.#sessions.signedIn;
    const oldest = from.keys().next();
    if (!oldest.done) from.delete(oldest.value);
  }
}
