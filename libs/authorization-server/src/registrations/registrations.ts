import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Clock } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../configuration/server-config.schema.js';
import { RepeatedWork } from '../time/repeated-work.js';
import { isOneOf } from './client-secrets.js';
import type { ClientDocument, RegistrationDocuments } from './registration-documents.js';
import { RegistrationSet } from './registration-set.js';
import type { RegistrationStore } from './registration-store.js';

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
}

/** The registrations in force, followed while the application runs: what any replica changes, all have within seconds. */
export class Registrations implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: RegistrationsOptions;
  readonly #listeners: (() => void)[] = [];
  #revision: number;
  #set: RegistrationSet;
  readonly #following: RepeatedWork;

  private constructor(options: RegistrationsOptions, set: RegistrationSet, revision: number) {
    this.#options = options;
    this.#set = set;
    this.#revision = revision;
    this.#following = new RepeatedWork(() => this.reload(), options.onFailure);
  }

  static async open(options: RegistrationsOptions): Promise<Registrations> {
    const { revision, registrations } = await options.store.snapshot();
    return new Registrations(options, new RegistrationSet(options.file, registrations, options.documents), revision);
  }

  /** As of now; do not keep it. */
  get current(): RegistrationSet {
    return this.#set;
  }

  /** Whether a client authenticates by this secret now. */
  acceptsSecret(clientId: string, secret: string): boolean {
    return isOneOf(this.#set.secrets(clientId), secret, this.#options.clock());
  }

  /** Whether what a client got at this time (seconds since the epoch) still counts. */
  acceptsGrantOf(clientId: string, issuedAt: number): boolean {
    const client = this.#set.find('client', clientId)?.document as ClientDocument | undefined;
    return issuedAt > (client?.signedOutAt ?? 0);
  }

  /** Whoever derives something from the registrations makes it anew. */
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
    const { store, file, documents } = this.#options;
    if ((await store.revision()) === this.#revision) return;
    const { revision, registrations } = await store.snapshot();
    this.#set = new RegistrationSet(file, registrations, documents);
    this.#revision = revision;
    for (const listener of this.#listeners) listener();
  }
}
