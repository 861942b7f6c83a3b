import {
  type Party,
  type RegistrationChange,
  type RegistrationKind,
  type RegistrationStore,
  type StoredRegistration,
  VersionConflict,
} from '@onbehalf/authorization-ports';
import { ConfigurationError, type Clock } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { checkShippedCredentials } from '../../configuration/checks/shipped-credentials.js';
import { changeEvent, type Operator } from './change-event.js';
import { makeSecret, withOverlap } from '../documents/client-secrets.js';
import { completeDocument } from '../documents/complete-document.js';
import { checkChange } from '../drift/misfits.js';
import { hasOperator, LastOperator } from './operators-left.js';
import { checkOutOfReach } from './out-of-reach.js';
import type { ClientDocument, RegistrationDocuments } from '../documents/registration-documents.js';
import type { Registration } from '../documents/registration.js';
import { RegistrationSet } from '../live/registration-set.js';
import type { Registrations } from '../live/registrations.js';

export interface RegistrationChangesOptions {
  readonly store: RegistrationStore;
  readonly registrations: Registrations;
  readonly documents: RegistrationDocuments;
  readonly clock: Clock;
  /** Secrets that ship with the project can be registered for an issuer on this machine only. */
  readonly issuer: string;
  /** Changes are asked for by a command where the server runs, for which operators are not out of reach. */
  readonly byCommand?: boolean;
}

/** Nothing that does not fit together, in this registration or in others, stands in the way of these. */
const EMERGENCIES = ['disable', 'delete', 'rotate-secret'];

/** Nothing is registered under this id. */
export class NotRegistered extends Error {}

/** What is registered has changed meanwhile, or is there although it should not be. */
export class VersionMismatch extends Error {}

/** Changes registrations: checked as the file is, recorded in the transaction that stores them, in force here at once. */
export class RegistrationChanges {
  readonly #options: RegistrationChangesOptions;

  constructor(options: RegistrationChangesOptions) {
    this.#options = options;
  }

  /**
   * Creates (`version` undefined) or replaces what is registered under the id. A new client that authenticates by secret
   * gets one, which is returned here and never again.
   * @throws ConfigurationError when it does not fit together, VersionMismatch
   */
  async put(
    kind: RegistrationKind,
    id: string,
    version: number | undefined,
    input: object,
    operator: Operator,
  ): Promise<{ registration: Registration; secret?: string }> {
    const current = await this.#inVersion(kind, id, version);
    if (!current) this.#checkNewId(kind, id);
    const { document, secret } = completeDocument(kind, input, current?.document);
    const operation = current ? 'replace' : 'create';
    const registration = await this.#apply({ kind, id, document }, current, operation, operator);
    return { registration, ...(secret === undefined ? {} : { secret }) };
  }

  /**
   * Lets a client, a user or an edge in or out, whatever its version. Out means that all it holds is revoked.
   * @throws NotRegistered, LastOperator
   */
  setEnabled(
    kind: 'client' | 'user' | 'edge',
    id: string,
    enabled: boolean,
    operator: Operator,
  ): Promise<Registration> {
    return this.#whateverItsVersion(kind, id, (current) => {
      // whoever is shut out is as a newer version knows it, too
      const inStore = this.#options.registrations.current.inStore(kind, id);
      const document = { ...(enabled ? current : (inStore ?? current)).document, enabled };
      return this.#apply({ kind, id, document }, current, enabled ? 'enable' : 'disable', operator);
    });
  }

  /**
   * Gives a client a new secret; the ones before hold for `overlap` more seconds.
   * @throws NotRegistered
   */
  async rotateSecret(id: string, overlap: number, operator: Operator): Promise<{ secret: string; expiresAt: number }> {
    const now = this.#options.clock();
    const { secret, stored } = makeSecret(this.#options.byCommand);
    await this.#whateverItsVersion('client', id, (current) => {
      const document = current.document as ClientDocument;
      const fileSecretExpiresAt = Math.min(document.fileSecretExpiresAt ?? Infinity, now + overlap);
      const secrets = [stored, ...withOverlap(document.secrets, now, now + overlap)];
      const change = { kind: 'client' as const, id, document: { ...document, secrets, fileSecretExpiresAt } };
      return this.#apply(change, current, 'rotate-secret', operator);
    });
    return { secret, expiresAt: now + overlap };
  }

  /**
   * Deletes what was registered at run time; what the file says under the same id is in force again.
   * @throws NotRegistered, VersionMismatch
   */
  async remove(kind: RegistrationKind, id: string, version: number, operator: Operator): Promise<void> {
    const current = await this.#inVersion(kind, id, version);
    if (!current || current.version === 0) throw new NotRegistered();
    await this.#apply({ kind, id }, current, 'delete', operator);
  }

  /** A change without a version meets no conflict: it is made again each time that somebody else was faster. */
  async #whateverItsVersion<Result>(
    kind: RegistrationKind,
    id: string,
    change: (current: Registration) => Promise<Result>,
  ): Promise<Result> {
    for (;;) {
      const current = await this.#committed(kind, id);
      if (!current) throw new NotRegistered();
      try {
        return await change(current);
      } catch (error) {
        if (!(error instanceof VersionMismatch)) throw error;
      }
    }
  }

  // the schemas of what is sent do not hold it
  #checkNewId(kind: RegistrationKind, id: string): void {
    const { error } = this.#options.documents.ids[kind].safeParse(id);
    if (error) throw new ConfigurationError('id', id, error.issues[0]!.message);
  }

  /** What is registered in this version; without one nothing may be. */
  async #inVersion(kind: RegistrationKind, id: string, version: number | undefined): Promise<Registration | undefined> {
    const current = await this.#committed(kind, id);
    if (current?.version !== version) throw new VersionMismatch();
    return current;
  }

  /** Another replica may have made the change before this one. */
  async #committed(kind: RegistrationKind, id: string): Promise<Registration | undefined> {
    await this.#options.registrations.reload();
    return this.#options.registrations.current.find(kind, id);
  }

  async #apply(
    { kind, id, document }: RegistrationChange,
    current: Registration | undefined,
    operation: string,
    operator: Operator,
  ): Promise<Registration> {
    const { store, registrations, byCommand = false } = this.#options;
    // what stands in the file only is new to the store
    const change = { kind, id, version: current?.version || undefined, document };
    const { registrations: stored } = await store.snapshot();
    const before = this.#setOf(stored);
    const check = (all: readonly StoredRegistration[]): readonly Party[] => {
      const after = this.#setOf(all);
      this.#checkFits(before, after, change, operation);
      if (!byCommand && hasOperator(before.config) && !hasOperator(after.config)) throw new LastOperator();
      return kind === 'client' || kind === 'user' ? [after.party(kind, id)] : [];
    };
    const others = stored.filter((entry) => entry.kind !== kind || entry.id !== id);
    const all = document
      ? [...others, { kind, id, version: 1, document: document as Registration['document'] }]
      : others;
    if (!byCommand) checkOutOfReach(before, this.#setOf(all), change, operation);
    check(all);
    const event = changeEvent({ kind, id, document }, current, operation, operator);
    const [written] = await store.apply([change], check, event).catch((error: unknown) => {
      throw error instanceof VersionConflict ? new VersionMismatch() : error;
    });
    await registrations.reload();
    const shown = operation === 'disable' ? { ...current?.document, enabled: false } : document;
    return { kind, id, version: written?.version ?? 0, document: (shown ?? {}) as Registration['document'] };
  }

  #setOf(entries: readonly StoredRegistration[]): RegistrationSet {
    const { documents, registrations } = this.#options;
    return new RegistrationSet(registrations.file, entries, documents, undefined, registrations.current);
  }

  #checkFits(before: RegistrationSet, after: RegistrationSet, change: RegistrationChange, operation: string): void {
    const { documents, issuer } = this.#options;
    const isEmergency = EMERGENCIES.includes(operation);
    checkChange([before, after], isEmergency ? undefined : change, documents.sections);
    if (isEmergency) return;
    if (change.kind === 'client') checkConsent(change.document, after.config, change.id);
    checkShippedCredentials(after.config, issuer, 'registrations');
    const newer = before.newer.find(({ setting }) => setting === `registrations: ${change.kind} ${change.id}`);
    if (newer) throw newer;
  }
}

/** That users are not asked, the file alone says: who changes registrations gives no client the accounts of others. */
function checkConsent(document: object | undefined, { clients }: ServerConfig, id: string): void {
  const { consent } = (document ?? {}) as Pick<ClientDocument, 'consent'>;
  if (consent !== 'skip' || clients.find(({ clientId }) => clientId === id)?.consent === 'skip') return;
  throw new ConfigurationError('consent', consent, 'always or remember, because the file alone lets a client skip it');
}
