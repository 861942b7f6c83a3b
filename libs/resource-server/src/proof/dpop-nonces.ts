import type { Clock } from '@onbehalf/oauth-protocol';
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Seconds after which a new nonce is handed out; the one before stays good as long. */
const PERIOD = 60;

/** Nonces that need no memory: every replica with the same secret makes and accepts the same ones. RFC 9449 §9. */
export class DpopNonces {
  readonly #secret: Buffer;
  readonly #clock: Clock;

  constructor(secret: Buffer, clock: Clock) {
    this.#secret = secret;
    this.#clock = clock;
  }

  /** The nonce to use now. */
  current(): string {
    return this.#nonce(this.#period());
  }

  accepts(nonce: unknown): boolean {
    if (typeof nonce !== 'string') return false;
    const period = this.#period();
    return isEqual(nonce, this.#nonce(period)) || isEqual(nonce, this.#nonce(period - 1));
  }

  #period(): number {
    return Math.floor(this.#clock() / PERIOD);
  }

  #nonce(period: number): string {
    return createHmac('sha256', this.#secret).update(`dpop-nonce ${period}`).digest('base64url');
  }
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
