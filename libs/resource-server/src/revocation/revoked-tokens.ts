import { MAX_CLOCK_TOLERANCE } from '@onbehalf/jwt-verification';
import { stillHolds, type Clock } from '@onbehalf/oauth-protocol';

/** Seconds. */
const SWEEP_EVERY = 60;

/** A token by issuer and `jti`, never by its text: one token can be written in several ways. RFC 7519 §4.1.7. */
export function revocationKey(issuer: string, jwtId: string): string {
  return JSON.stringify([issuer, jwtId]);
}

/** Revoked tokens, each until it has expired anyway. */
export class RevokedTokens {
  readonly #clock: Clock;
  readonly #expiries = new Map<string, number>();
  #sweptAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether tokens may be missing that had expired by a clock which was ahead, and have not by that of now. */
  get forgotTooEarly(): boolean {
    return this.#clock() < this.#sweptAt;
  }

  has(key: string): boolean {
    return this.#expiries.has(key);
  }

  add(tokens: readonly (readonly [key: string, expiresAt: number])[]): void {
    for (const [key, expiresAt] of tokens) this.#expiries.set(key, expiresAt);
    this.#forgetExpired();
  }

  clear(): void {
    this.#expiries.clear();
  }

  #forgetExpired(): void {
    const now = this.#clock();
    if (stillHolds(this.#sweptAt, SWEEP_EVERY, now)) return;
    this.#sweptAt = now;
    for (const [key, expiresAt] of this.#expiries) {
      // the guard accepts tokens for as long past their expiry
      if (expiresAt + MAX_CLOCK_TOLERANCE < now) this.#expiries.delete(key);
    }
  }
}
