import type { JWK } from 'jose';

/** The life of a key: its public part is published before it signs and stays published after it has signed. */
export type KeyState = 'published' | 'signing' | 'retired';

/** A key pair as the storage keeps it, encrypted. The times are seconds since the epoch. */
export interface StoredKey extends NewKey {
  readonly state: KeyState;
  readonly publishedAt: number;
  readonly signingAt?: number;
  readonly retiredAt?: number;
}

/** A key pair that is made and not yet stored. */
export interface NewKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly publicJwk: JWK;
  /** With the public members too. */
  readonly privateJwk: JWK;
}

/** Where all replicas have their keys: the storage implements it, and orders steps that are taken at the same time. */
export interface SigningKeyStore {
  /** A number that grows with each change. */
  revision(): Promise<number>;
  /** All keys that are published, the oldest first. */
  list(): Promise<readonly StoredKey[]>;
  /** Makes the first key of an algorithm sign at once; false when one signs already and this one is not kept. */
  begin(key: NewKey): Promise<boolean>;
  /** Publishes a key that will sign later. */
  publish(key: NewKey): Promise<void>;
  /**
   * Lets a published key sign; the one that signed is retired.
   * @throws KeyTransitionRefused when it is not published
   */
  sign(kid: string): Promise<void>;
  /**
   * Takes a key out of the key set; a published one takes over when it signs.
   * @throws KeyTransitionRefused when the key does not exist or nobody could take over
   */
  remove(kid: string): Promise<void>;
}
