import type { Party, RegistrationSnapshot, RegistrationStore, StoredRegistration } from '@onbehalf/authorization-ports';
import { ConfigurationError, type Clock } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import type { RegistrationDocuments } from '../documents/registration-documents.js';
import { RegistrationSet } from './registration-set.js';

export interface RegistrationsOptions {
  /** As it was read at the start. */
  readonly file: ServerConfig;
  readonly store: RegistrationStore;
  /** What registrations consist of; without sections of others unless told. */
  readonly documents?: RegistrationDocuments;
  readonly clock: Clock;
  /** Seconds between two looks at the store; 2 unless told. */
  readonly interval?: number;
  /** Is told when the store could not be asked or holds what does not fit; the registrations at hand stay in force. */
  readonly onFailure?: (error: unknown) => void;
  /** Is told when the file ends nobody's life, and why: others have a newer one, or nobody is registered in it. */
  readonly onOldFile?: (file: {
    readonly generation: number;
    readonly newest: number;
    readonly empty: boolean;
  }) => void;
}

/** An empty file is rather one that was not found than one that means it. */
export function isEmpty({ clients, users }: ServerConfig): boolean {
  return clients.length === 0 && users.length === 0;
}

/** The mistake of a file that was read again. */
export function olderThan(newest: number, { generation }: ServerConfig): ConfigurationError {
  return new ConfigurationError('generation', generation, `${newest} or more, because a file of ${newest} is in force`);
}

/** What is registered by a file and what is stored over it, with the lives that are led. */
export function setOf(
  { file, documents }: RegistrationsOptions,
  { registrations, lives }: RegistrationSnapshot,
  known?: RegistrationSet,
): RegistrationSet {
  return new RegistrationSet(file, registrations, documents, lives, known);
}

/** Has lives begin and go on, and end where the file may say so, as at a start. */
export function settle(options: RegistrationsOptions, ends: boolean, known?: RegistrationSet): Promise<void> {
  return options.store.settle(options.file.generation ?? 0, partiesOf(options, known), ends);
}

/** Who is registered by a file and what is stored over it. */
export function partiesOf(
  { file, documents }: Pick<RegistrationsOptions, 'file' | 'documents'>,
  known?: RegistrationSet,
): (all: readonly StoredRegistration[]) => readonly Party[] {
  return (all) => new RegistrationSet(file, all, documents, undefined, known).parties();
}
