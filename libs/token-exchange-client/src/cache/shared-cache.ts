/**
 * A store that the replicas of a service share, such as Redis. It sees hashes as keys and sealed values, never a token. It is
 * asked inside of a short time-out, and its failure is a miss.
 */
export interface SharedCache {
  /** The value that is kept under the key; `null` or `undefined` when there is none. */
  get(key: string): Promise<string | null | undefined>;
  /** Keeps the value for at most this many seconds. */
  set(key: string, value: string, seconds: number): Promise<unknown>;
  /** Forgets the value. */
  delete(key: string): Promise<unknown>;
}

/** The store that replicas share, and the keys that seal what is in it. */
export interface SharedCacheOptions {
  readonly store: SharedCache;
  /** 32 bytes, as such or base64. Equal on all replicas; kept apart from the store. */
  readonly encryptionKey: Uint8Array | string;
  /** Keys that were used before, still accepted when reading. */
  readonly previousKeys?: readonly (Uint8Array | string)[];
  /** Milliseconds to wait for the store. Default 100. */
  readonly timeout?: number;
}
