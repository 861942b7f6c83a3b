import { isDeepStrictEqual } from 'node:util';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import {
  OlderGeneration,
  type Party,
  type RecordedEvent,
  type RegistrationSnapshot,
  type StoredRegistration,
} from '@onbehalf/authorization-ports';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../../configuration/schema/server-config.schema.js';
import { RepeatedWork } from '../../time/repeated-work.js';
import { isOneOf } from '../documents/client-secrets.js';
import { RegistrationSet } from './registration-set.js';
import { isEmpty, olderThan, partiesOf, setOf, settle, type RegistrationsOptions } from './settle-file.js';

const NOTHING = (): void => undefined;

/** The registrations in force, followed while the application runs: what any replica changes, all have within seconds. */
export class Registrations implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #options: RegistrationsOptions;
  readonly #listeners: (() => void)[] = [];
  readonly #trials: ((candidate: RegistrationSet) => void)[] = [];
  #catchUp: (() => Promise<void>) | undefined;
  #file: ServerConfig;
  #snapshot: RegistrationSnapshot;
  #set: RegistrationSet;
  /** Another replica has read its file again, and this one has yet to. */
  #behind = false;
  readonly #following: RepeatedWork;

  private constructor(options: RegistrationsOptions, snapshot: RegistrationSnapshot) {
    this.#options = options;
    this.#file = options.file;
    this.#set = setOf(options, snapshot);
    this.#snapshot = snapshot;
    this.#following = new RepeatedWork(() => this.#follow(), options.onFailure);
  }

  static async open(options: RegistrationsOptions): Promise<Registrations> {
    const { file, store } = options;
    const { generation = 0 } = file;
    const empty = isEmpty(file);
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

  /** The file that counts now; do not keep it. */
  get file(): ServerConfig {
    return this.#file;
  }

  /** Whether a client authenticates by this secret now. */
  acceptsSecret(clientId: string, secret: string): boolean {
    return isOneOf(this.#set.secrets(clientId), secret, this.#options.clock());
  }

  /** For whoever derives something from the registrations and must derive it again. */
  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** For whoever may be unable to work with what a file says: is asked before it counts, and throws. */
  onTrial(trial: (candidate: RegistrationSet) => void): void {
    this.#trials.push(trial);
  }

  /** What reads the file again when another replica has read its own, or has a newer one; it calls {@link catchUp}. */
  onBehind(catchUp: () => Promise<void>): void {
    this.#catchUp = catchUp;
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
    const { store } = this.#options;
    if ((await store.revision()) === this.#snapshot.revision) return;
    let snapshot = await store.snapshot();
    // who has left the newer file must not begin another life by the older one
    if (snapshot.reloads !== this.#snapshot.reloads) this.#behind = true;
    const { generation = 0 } = this.#file;
    if (!this.#behind && !this.#setOf(snapshot).settled && generation >= snapshot.generation) {
      // a replica that knows less of the file, or nothing of lives, has made a change
      await settle(this.#now, false, this.#set);
      snapshot = await store.snapshot();
    }
    this.#putInForce(snapshot);
  }

  /**
   * Puts a file in force that was read again, as a whole: who has left it has nothing left when this resolves, and all replicas are
   * told to read theirs.
   * @param events what the audit trail tells of it
   * @param beside puts in force what counts together with it, and neither waits nor throws
   * @throws ConfigurationError, and nothing has changed, for a file in which nobody is registered, and for an older generation
   */
  async replaceFile(file: ServerConfig, events: readonly RecordedEvent[], beside: () => void = NOTHING): Promise<void> {
    const { store } = this.#options;
    await this.reload();
    this.#try(file);
    const wasBehind = this.#behind;
    const told = this.#snapshot.reloads;
    // until it is in force here, nobody's life begins by the one before
    this.#behind = true;
    try {
      await store.reload(file.generation ?? 0, this.#partiesOf(file), events);
    } catch (error) {
      this.#behind = wasBehind;
      throw error instanceof OlderGeneration ? olderThan(error.newest, file) : error;
    }
    const snapshot = await store.snapshot();
    beside();
    this.#putInForce(snapshot, file);
    // another one may have told the same at the same time
    this.#behind = snapshot.reloads > told + 1;
  }

  /**
   * Puts the copy of the file in force that this replica has read because another one has.
   * @param beside as for {@link replaceFile}
   * @returns whether it is in force now and was not before
   * @throws ConfigurationError for a copy that cannot be, or is not the newest yet: it is to be read again
   */
  async catchUp(file: ServerConfig, beside: () => void = NOTHING): Promise<boolean> {
    if ((file.generation ?? 0) < this.#snapshot.generation) throw olderThan(this.#snapshot.generation, file);
    if (isDeepStrictEqual(file, this.#file)) {
      beside();
      // as long as some of it have no life, others have another file
      this.#behind = !this.#set.settled;
      return false;
    }
    this.#try(file);
    await this.#options.store.settle(file.generation ?? 0, this.#partiesOf(file), true);
    const snapshot = await this.#options.store.snapshot();
    beside();
    this.#putInForce(snapshot, file);
    this.#behind = false;
    return true;
  }

  async #follow(): Promise<void> {
    await this.reload();
    if (!this.#behind && (this.#file.generation ?? 0) >= this.#snapshot.generation) return;
    if (this.#catchUp) await this.#catchUp();
    else this.#behind = !this.#set.settled;
  }

  /** In one step, so that nobody sees a part of it. */
  #putInForce(snapshot: RegistrationSnapshot, file = this.#file): void {
    if (snapshot.revision <= this.#snapshot.revision && file === this.#file) return;
    const newest = snapshot.revision < this.#snapshot.revision ? this.#snapshot : snapshot;
    this.#file = file;
    this.#set = this.#setOf(newest);
    this.#snapshot = newest;
    for (const newer of this.#set.newer) this.#options.onFailure?.(newer);
    for (const listener of this.#listeners) listener();
  }

  /** @throws ConfigurationError for what cannot be put in force */
  #try(file: ServerConfig): void {
    if (isEmpty(file)) throw new ConfigurationError('the file', 'empty', 'one in which somebody is registered');
    const { generation = 0 } = file;
    if (generation < this.#snapshot.generation) throw olderThan(this.#snapshot.generation, file);
    const { registrations } = this.#snapshot;
    const candidate = new RegistrationSet(file, registrations, this.#options.documents, undefined, this.#set);
    try {
      for (const trial of this.#trials) trial(candidate);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw new ConfigurationError('the file', 'not usable', `one that can be served (${(error as Error).message})`);
    }
  }

  get #now(): RegistrationsOptions {
    return { ...this.#options, file: this.#file };
  }

  #setOf(snapshot: RegistrationSnapshot): RegistrationSet {
    return setOf(this.#now, snapshot, this.#set);
  }

  #partiesOf(file: ServerConfig): (all: readonly StoredRegistration[]) => readonly Party[] {
    return partiesOf({ ...this.#options, file }, this.#set);
  }
}
