import type { RegistrationChangeEvent } from '../audit/audit-event.js';

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

/** What is registered at run time, for all replicas, with optimistic locking: the storage implements it. */
export interface RegistrationStore {
  /** A number that grows with each change. */
  revision(): Promise<number>;
  snapshot(): Promise<{ readonly revision: number; readonly registrations: readonly StoredRegistration[] }>;
  /**
   * Applies all changes or none.
   * @param check is shown everything as it would be, and throws when that does not fit together
   * @param event is recorded in the audit trail in the same transaction
   * @throws an Error named `VersionConflict` when somebody else was faster
   */
  apply(
    changes: readonly RegistrationChange[],
    check: (all: readonly StoredRegistration[]) => void,
    event: RegistrationChangeEvent,
  ): Promise<readonly StoredRegistration[]>;
}
