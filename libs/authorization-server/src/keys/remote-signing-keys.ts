import { ConfigurationError, type OAuthError } from '@onbehalf/oauth-protocol';
import type { ExternalKey, ExternalSigner, SignerUnavailable } from './external-signer.js';
import { FollowedSigningKeys } from './followed-signing-keys.js';
import { KeySet } from './key-set.js';
import { WatchedSigner } from './watched-signer.js';

/** What {@link RemoteSigningKeys} are opened with. */
export interface RemoteSigningKeysOptions {
  readonly signer: ExternalSigner;
  /** Seconds between two looks at the keys; 5 unless told. */
  readonly interval?: number;
  /** Is told which keys are published now, the ones that sign first. */
  readonly onChanged?: (keys: readonly ExternalKey[]) => void;
  /** Is told when the signer could not be asked; the keys at hand stay published. */
  readonly onFailure?: (error: unknown) => void;
}

/** Keys whose private parts stay outside of this process, followed while the application runs. */
export class RemoteSigningKeys extends FollowedSigningKeys {
  readonly #options: RemoteSigningKeysOptions;
  readonly #signer: WatchedSigner;
  #published: string;

  private constructor(options: RemoteSigningKeysOptions, signer: WatchedSigner, keys: readonly ExternalKey[]) {
    super(KeySet.remote(keys, signer), options.interval ?? 5, options.onFailure);
    this.#options = options;
    this.#signer = signer;
    this.#published = kidsOf(keys);
  }

  /**
   * The keys that the signer names.
   * @throws SignerUnavailable when it does not answer
   * @throws ConfigurationError when it has no key for an algorithm of the server, or where the signer does
   */
  static async open(options: RemoteSigningKeysOptions): Promise<RemoteSigningKeys> {
    const signer = new WatchedSigner(options.signer);
    return new RemoteSigningKeys(options, signer, await signer.keys().catch(stopTheStart));
  }

  override ready(): Promise<void> {
    return this.#signer.ready();
  }

  protected override async look(): Promise<void> {
    const keys = await this.#signer.keys();
    const published = kidsOf(keys);
    if (published === this.#published) return;
    this.replace(KeySet.remote(keys, this.#signer));
    this.#published = published;
    this.#options.onChanged?.(keys);
  }
}

/** A mistake stops the start: nothing runs yet that could wait until it is mended. */
function stopTheStart({ cause }: OAuthError): never {
  const { cause: mistake } = cause as SignerUnavailable;
  throw mistake instanceof ConfigurationError ? mistake : cause;
}

/** In their order: it tells which ones sign. */
function kidsOf(keys: readonly ExternalKey[]): string {
  return JSON.stringify(keys.map(({ kid }) => kid));
}
