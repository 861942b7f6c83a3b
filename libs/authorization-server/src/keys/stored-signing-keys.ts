import type { JSONWebKeySet } from 'jose';
import type { KeyState, SigningKeyStore, StoredKey } from '@onbehalf/authorization-ports';
import { FollowedSigningKeys } from './followed-signing-keys.js';
import type { KeyRotation, TakenStep } from './key-rotation.js';
import { KeySet } from './key-set.js';

/** What {@link StoredSigningKeys} are opened with. */
export interface StoredSigningKeysOptions {
  readonly store: SigningKeyStore;
  readonly rotation: KeyRotation;
  /** Seconds between two looks at the store; 2 unless told. */
  readonly interval?: number;
  /** Is told of the steps that this replica took. */
  readonly onSteps?: (steps: readonly TakenStep[]) => void;
  /** Is told when the store could not be asked; the keys at hand stay in use. */
  readonly onFailure?: (error: unknown) => void;
}

/** The keys in the store, followed while the application runs: what any replica changes, all have within seconds. */
export class StoredSigningKeys extends FollowedSigningKeys {
  readonly #options: StoredSigningKeysOptions;
  #revision: number;

  private constructor(options: StoredSigningKeysOptions, keys: KeySet, revision: number) {
    super(keys, options.interval ?? 2, options.onFailure);
    this.#options = options;
    this.#revision = revision;
  }

  /** The keys of the store; the first replica that starts makes them. */
  static async open(options: StoredSigningKeysOptions): Promise<StoredSigningKeys> {
    const { store, rotation } = options;
    await rotation.runDue();
    // asked for first: a change in between is read again, never missed
    const revision = await store.revision();
    return new StoredSigningKeys(options, await KeySet.of(toJwks(await store.list())), revision);
  }

  /** Takes the steps that are due and reads what has changed. */
  protected override async look(): Promise<void> {
    try {
      await this.#rotate();
    } finally {
      // what another replica has changed counts here too, whatever keeps this one from its own steps
      await this.#read();
    }
  }

  async #rotate(): Promise<void> {
    const { rotation, onSteps } = this.#options;
    const taken = await rotation.runDue();
    if (taken.length > 0) onSteps?.(taken);
  }

  async #read(): Promise<void> {
    const { store } = this.#options;
    const revision = await store.revision();
    if (revision === this.#revision) return;
    this.replace(await KeySet.of(toJwks(await store.list())));
    this.#revision = revision;
  }
}

/** The first key of an algorithm signs. */
const ORDER: readonly KeyState[] = ['signing', 'published', 'retired'];

function toJwks(keys: readonly StoredKey[]): JSONWebKeySet {
  const inOrder = keys.toSorted((left, right) => ORDER.indexOf(left.state) - ORDER.indexOf(right.state));
  return { keys: inOrder.map(({ kid, algorithm, privateJwk }) => ({ ...privateJwk, kid, alg: algorithm })) };
}
