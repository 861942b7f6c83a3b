import { userInfo } from 'node:os';
import type { RegistrationStore } from '@onbehalf/authorization-ports';
import { systemClock } from '@onbehalf/oauth-protocol';
import type { ConfigSection } from '../../configuration/schema/config-section.js';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { driftOf, type Drift } from '../drift/drift.js';
import { RegistrationChanges } from './registration-changes.js';
import { RegistrationDocuments } from '../documents/registration-documents.js';
import type { RegistrationSet } from '../live/registration-set.js';
import { Registrations } from '../live/registrations.js';

/** What `RegistrationsByCommand` needs of the server: its configuration, its storage and its name. */
export interface RegistrationsByCommandOptions {
  readonly file: ServerConfig;
  readonly store: RegistrationStore;
  readonly sections: readonly ConfigSection[];
  readonly issuer: string;
}

/**
 * Registrations in the hands of whoever has the machine of the server and its database: operators, whom nobody reaches over HTTP,
 * included. Running replicas follow within seconds. The audit trail names the account of the machine.
 */
export class RegistrationsByCommand {
  readonly #registrations: Registrations;
  readonly #documents: RegistrationDocuments;
  readonly #changes: RegistrationChanges;
  readonly #operator = { subject: `command:${userInfo().username}`, clientId: 'auth-server:registrations' };

  private constructor(options: RegistrationsByCommandOptions, registrations: Registrations) {
    this.#registrations = registrations;
    this.#documents = new RegistrationDocuments(options.sections);
    const shared = { registrations, documents: this.#documents, clock: systemClock, byCommand: true };
    const { store, issuer } = options;
    this.#changes = new RegistrationChanges({ store, issuer, ...shared });
  }

  /** Looks at what is stored, and changes nothing of it. */
  static async open(options: RegistrationsByCommandOptions): Promise<RegistrationsByCommand> {
    const { file, store, sections } = options;
    const documents = new RegistrationDocuments(sections);
    const registrations = await Registrations.read({ file, store, documents, clock: systemClock });
    return new RegistrationsByCommand(options, registrations);
  }

  /** What is in force. */
  get current(): RegistrationSet {
    return this.#registrations.current;
  }

  /** Where the file and the store are two things. */
  drift(): Drift[] {
    return driftOf(this.#registrations.current, this.#documents.sections);
  }

  /**
   * Gives a client a new secret; the ones before, that of the file included, hold for `overlap` more seconds.
   * @throws NotRegistered
   */
  rotateSecret(clientId: string, overlap: number): Promise<{ secret: string; expiresAt: number }> {
    return this.#changes.rotateSecret(clientId, overlap, this.#operator);
  }

  /** @throws NotRegistered */
  async setEnabled(kind: 'client' | 'user' | 'edge', id: string, enabled: boolean): Promise<void> {
    await this.#changes.setEnabled(kind, id, enabled, this.#operator);
  }
}
