export interface Sized {
  /** Bytes. */
  readonly size: number;
}

export interface Bounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** Entries bounded by number and bytes; the least recently used ones leave first. */
export class BoundedEntries<E extends Sized> {
  readonly #bounds: Bounds;
  // a Map keeps the order of insertion; an entry that is used is put at the end
  readonly #entries = new Map<string, E>();
  #bytes = 0;
  #evictions = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many entries had to leave for others. */
  get evictions(): number {
    return this.#evictions;
  }

  get(key: string): E | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  set(key: string, entry: E): void {
    this.delete(key);
    if (entry.size > this.#bounds.maxBytes) return;
    this.#entries.set(key, entry);
    this.#bytes += entry.size;
    while (this.#entries.size > this.#bounds.maxEntries || this.#bytes > this.#bounds.maxBytes) this.#evictOldest();
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#bytes -= entry.size;
    return this.#entries.delete(key);
  }

  /** Deletes what `matches`; answers with the keys. */
  deleteWhere(matches: (entry: E) => boolean): readonly string[] {
    const keys = [...this.#entries].filter(([, entry]) => matches(entry)).map(([key]) => key);
    for (const key of keys) this.delete(key);
    return keys;
  }

  #evictOldest(): void {
    const [oldest] = this.#entries.keys();
    if (oldest === undefined || !this.delete(oldest)) return;
    this.#evictions += 1;
  }
}
