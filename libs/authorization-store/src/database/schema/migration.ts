import type { Transaction } from 'kysely';
import type { Schema } from './schema.js';

/**
 * One step of the schema. Steps only add; what is no longer used is dropped one version later, so that replicas of
 * version N−1 and N can share a database while they are being replaced.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** The oldest version of the software that still works on the schema after this step. */
  readonly compatibleFrom: number;
  /** The oldest one once those before it have gone: from then on, what they cannot read may be written. `compatibleFrom` unless told. */
  readonly finallyFrom?: number;
  up(transaction: Transaction<Schema>): Promise<void>;
}
