import { LRUCache } from 'lru-cache';

export interface Sized {
  /** Bytes; at least one. */
  readonly size: number;
}

export interface Bounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Entries bounded by number and bytes; the least recently used ones leave first. */
export class BoundedEntries<E extends Sized> {
  readonly #keepsNone: boolean;
  readonly #entries: LRUCache<string, E>;
  #evictions = 0;

  constructor({ maxEntries, maxBytes }: Bounds) {
    this.#keepsNone = maxEntries < 1 || maxBytes < 1;
    this.#entries = new LRUCache({
      // whole numbers; 0 would mean "without bound" there
      max: Math.max(1, Math.floor(maxEntries)),
      maxSize: Math.max(1, Math.floor(maxBytes)),
      sizeCalculation: (entry) => entry.size,
      dispose: (_entry, _key, reason) => {
        if (reason === 'evict') this.#evictions += 1;
      },
    });
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  /** How many entries had to leave for others. */
  get evictions(): number {
    return this.#evictions;
  }

  get(key: string): E | undefined {
    return this.#entries.get(key);
  }

  /** Keeps the entry, unless it is larger than all of the room: then only what it replaces is gone. */
  set(key: string, entry: E): void {
    if (!this.#keepsNone) this.#entries.set(key, entry);
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  /** Deletes what `matches`; answers with the keys. */
  deleteWhere(matches: (entry: E) => boolean): readonly string[] {
    const keys = [...this.#entries.entries()].filter(([, entry]) => matches(entry)).map(([key]) => key);
    for (const key of keys) this.delete(key);
    return keys;
  }
}
