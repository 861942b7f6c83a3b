import { verify } from 'node:crypto';
import { OAuthError } from '@onbehalf/oauth-protocol';
import { SignerUnavailable, type ExternalKey, type ExternalSigner } from './external-signer.js';

/** How long an answer of the signer counts as a sign of life. Milliseconds. */
const ALIVE_FOR = 500;
/** How long a signer that failed is left alone. Milliseconds. */
const PAUSE = 1000;

/**
 * An external signer of which it is known whether it answers. An outage is `temporarily_unavailable` for whoever asks for a
 * token, and a signature that the published key does not verify never leaves.
 */
export class WatchedSigner {
  readonly #signer: ExternalSigner;
  #heardAt = -Infinity;
  #failedAt = -Infinity;
  #failure: OAuthError | undefined;
  #asking: Promise<void> | undefined;

  constructor(signer: ExternalSigner) {
    this.#signer = signer;
  }

  /** @throws OAuthError `temporarily_unavailable`, caused by SignerUnavailable */
  keys(): Promise<readonly ExternalKey[]> {
    return this.#watch(() => this.#signer.keys());
  }

  /** @throws OAuthError `temporarily_unavailable`, caused by SignerUnavailable */
  async sign(key: ExternalKey, data: Uint8Array): Promise<Uint8Array> {
    this.#refuseWhilePaused();
    return this.#watch(async () => {
      const signature = await this.#signer.sign(key, data);
      if (!verifies(key, data, signature)) throw Object.assign(new Error(), { code: 'WRONG_SIGNATURE' });
      return signature;
    });
  }

  /**
   * Resolves when the signer has answered a moment ago, or does now.
   * @throws OAuthError `temporarily_unavailable`, caused by SignerUnavailable
   */
  async ready(): Promise<void> {
    if (performance.now() - this.#heardAt < ALIVE_FOR) return;
    this.#refuseWhilePaused();
    this.#asking ??= this.keys()
      .then(() => undefined)
      .finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  #refuseWhilePaused(): void {
    if (this.#failure && performance.now() - this.#failedAt < PAUSE) throw this.#failure;
  }

  async #watch<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await ask();
      this.#heardAt = performance.now();
      this.#failure = undefined;
      return answer;
    } catch (error) {
      this.#heardAt = -Infinity;
      this.#failedAt = performance.now();
      this.#failure = unavailable(error);
      throw this.#failure;
    }
  }
}

function unavailable(error: unknown): OAuthError {
  const { code } = error as { code?: unknown };
  const told = typeof code === 'string' && /^\w+$/.test(code) ? code : undefined;
  const cause = new SignerUnavailable(told, PAUSE / 1000, { cause: error });
  return new OAuthError('temporarily_unavailable', 'tokens cannot be signed now; try again later', {
    reason: cause.message,
    cause,
  });
}

function verifies({ publicJwk }: ExternalKey, data: Uint8Array, signature: Uint8Array): boolean {
  // RFC 7518 §3.4: R and S as they are; RSA takes no notice of this
  return verify('sha256', data, { key: publicJwk, format: 'jwk', dsaEncoding: 'ieee-p1363' }, signature);
}
