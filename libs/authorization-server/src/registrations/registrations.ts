import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { RegistrationSnapshot, RegistrationStore, StoredRegistration } from '@onbehalf/authorization-ports';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';
import { RepeatedWork } from '../time/repeated-work.js';
import { isOneOf } from './client-secrets.js';
import type { RegistrationDocuments } from './registration-documents.js';
import { RegistrationSet } from './registration-set.js';

export interface RegistrationsOptions {
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

/** The registrations in force, followed while the application runs: what any replica changes, all have within seconds. */
export class Registrations implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: RegistrationsOptions;
  readonly #listeners: (() => void)[] = [];
  #revision: number;
  #set: RegistrationSet;
  readonly #following: RepeatedWork;

  private constructor(options: RegistrationsOptions, snapshot: RegistrationSnapshot) {
    this.#options = options;
    this.#set = setOf(options, snapshot);
    this.#revision = snapshot.revision;
    this.#following = new RepeatedWork(() => this.reload(), options.onFailure);
  }

  static async open(options: RegistrationsOptions): Promise<Registrations> {
    const { file, store } = options;
    const { generation = 0, clients, users } = file;
    const empty = clients.length === 0 && users.length === 0;
    // an empty file is rather one that was not found than one that means it
    await settle(options, !empty);
    const snapshot = await store.snapshot();
    const newest = snapshot.generation;
    if (empty || generation < newest) options.onOldFile?.({ generation, newest, empty });
    return new Registrations(options, snapshot);
  }

  /** As they stand, for a command: nobody's life begins or ends by the file at hand, which may be another than the server's. */
  static async read(options: RegistrationsOptions): Promise<Registrations> {
    return new Registrations(options, await options.store.snapshot());
  }

  /** As of now; do not keep it. */
  get current(): RegistrationSet {
    return this.#set;
  }

  /** Whether a client authenticates by this secret now. */
  acceptsSecret(clientId: string, secret: string): boolean {
    return isOneOf(this.#set.secrets(clientId), secret, this.#options.clock());
  }

  /** For whoever derives something from the registrations and must derive it again. */
  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  onApplicationBootstrap(): void {
    this.#following.start(this.#options.interval ?? 2);
  }

  /** The store closes after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#following.stop();
  }

  /** Reads what has changed. Never rejects. */
  follow(): Promise<void> {
    return this.#following.now();
  }

  /** As {@link follow}, for whoever has to know that it was done. */
  async reload(): Promise<void> {
    const { store, file } = this.#options;
    if ((await store.revision()) === this.#revision) return;
    let snapshot = await store.snapshot();
    if (!setOf(this.#options, snapshot, this.#set).settled && (file.generation ?? 0) >= snapshot.generation) {
      // a replica that knows less of the file, or nothing of lives, has made a change
      await settle(this.#options, false, this.#set);
      snapshot = await store.snapshot();
    }
    if (snapshot.revision <= this.#revision) return;
    this.#set = setOf(this.#options, snapshot, this.#set);
    this.#revision = snapshot.revision;
    for (const newer of this.#set.newer) this.#options.onFailure?.(newer);
    for (const listener of this.#listeners) listener();
  }
}

function setOf(
  { file, documents }: RegistrationsOptions,
  { registrations, lives }: RegistrationSnapshot,
  known?: RegistrationSet,
): RegistrationSet {
  return new RegistrationSet(file, registrations, documents, lives, known);
}

function settle(
  { file, store, documents }: RegistrationsOptions,
  ends: boolean,
  known?: RegistrationSet,
): Promise<void> {
  const setOf = (all: readonly StoredRegistration[]) => new RegistrationSet(file, all, documents, undefined, known);
  return store.settle(file.generation ?? 0, (all) => setOf(all).parties(), ends);
}
