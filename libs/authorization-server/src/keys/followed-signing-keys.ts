import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { RepeatedWork } from '../time/repeated-work.js';
import type { KeySet } from './key-set.js';
import { SigningKeys } from './signing-keys.js';

/** Keys that change elsewhere, followed while the application runs. */
export abstract class FollowedSigningKeys
  extends SigningKeys
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  readonly #following: RepeatedWork;
  readonly #interval: number;

  /**
   * @param interval seconds between two looks
   * @param onFailure is told when a look fails; the keys at hand stay
   */
  protected constructor(keys: KeySet, interval: number, onFailure?: (error: unknown) => void) {
    super(keys);
    this.#interval = interval;
    this.#following = new RepeatedWork(() => this.look(), onFailure);
  }

  /** Takes what has changed. */
  protected abstract look(): Promise<void>;

  /** Called by Nest: looks at the keys now, and from now on again and again. */
  onApplicationBootstrap(): void {
    this.#following.start(this.#interval);
    void this.follow();
  }

  /** Where the keys come from closes after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#following.stop();
  }

  /** Looks now. Never rejects. */
  follow(): Promise<void> {
    return this.#following.now();
  }
}
