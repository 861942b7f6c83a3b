import type { RecordedEvent } from './recorded-event.js';

/** What can be registered at run time. */
export type RegistrationKind = 'client' | 'resource' | 'edge' | 'user';

/** A registration as the storage keeps it. Secrets and passwords stand in it as hashes only. */
export interface StoredRegistration {
  readonly kind: RegistrationKind;
  readonly id: string;
  /** 1 at first, one more with each change. */
  readonly version: number;
  readonly document: Readonly<Record<string, unknown>>;
}

/** Without `version` it creates, without `document` it deletes, with both it replaces. */
export interface RegistrationChange {
  readonly kind: RegistrationKind;
  readonly id: string;
  /** The version that the change is based on. */
  readonly version?: number;
  readonly document?: object;
}

/** Who leads a life that can end: what belongs to it ends with it. */
export type PartyKind = 'client' | 'user';

/** A client or user as it is registered. */
export interface Party {
  readonly kind: PartyKind;
  readonly id: string;
  /** Whether it is registered and let in. */
  readonly enabled: boolean;
  /** What it signs in with, as a hash: a new one ends its life. */
  readonly credential?: string;
  /** A new credential does not. */
  readonly keepsSessions?: boolean;
}

/** The life that a party leads now. No number comes twice for one party, whatever becomes of its registration. */
export interface Life {
  readonly kind: PartyKind;
  readonly id: string;
  readonly life: number;
  readonly credential?: string;
  /** When the life before ended, seconds since the epoch, as long as a token of it may live. */
  readonly since?: number;
}

/** Everything that is stored, at one moment. */
export interface RegistrationSnapshot {
  readonly revision: number;
  readonly registrations: readonly StoredRegistration[];
  /** Of all that are let in, those of the file included. */
  readonly lives: readonly Life[];
  /** Of the newest file that was settled. */
  readonly generation: number;
  /** How often replicas were told that a file was read again. */
  readonly reloads: number;
}

/** What is registered at run time, for all replicas, with optimistic locking: the storage implements it. */
export interface RegistrationStore {
  /** A number that grows with each change. */
  revision(): Promise<number>;
  /** Everything that is stored, read at one moment. */
  snapshot(): Promise<RegistrationSnapshot>;
  /**
   * Applies all changes or none.
   * @param check is shown everything as it would be, throws when that does not fit together, and tells what becomes of the
   *   parties that are changed: whose life ends has nothing left when this resolves
   * @param event is recorded in the audit trail in the same transaction
   * @throws VersionConflict when somebody else was faster
   */
  apply(
    changes: readonly RegistrationChange[],
    check: (all: readonly StoredRegistration[]) => readonly Party[],
    event: RecordedEvent,
  ): Promise<readonly StoredRegistration[]>;
  /**
   * Has the life of every party begin, go on or end, as it is registered by now.
   * @param generation of the file; where a later one was settled, nothing happens
   * @param ends false when lives may only begin
   */
  settle(
    generation: number,
    parties: (all: readonly StoredRegistration[]) => readonly Party[],
    ends: boolean,
  ): Promise<void>;
  /**
   * As {@link settle}, for a file that a replica has read again while it runs: lives may end, all replicas are told, and the audit
   * trail is, in the same transaction.
   * @throws OlderGeneration where a later one was settled
   */
  reload(
    generation: number,
    parties: (all: readonly StoredRegistration[]) => readonly Party[],
    events: readonly RecordedEvent[],
  ): Promise<void>;
}
