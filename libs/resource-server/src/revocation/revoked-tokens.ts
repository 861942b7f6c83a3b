import { MAX_CLOCK_TOLERANCE } from '@onbehalf/jwt-verification';
import type { Clock } from '@onbehalf/oauth-protocol';

/** A token by issuer and `jti`, never by its text: one token can be written in several ways. RFC 7519 §4.1.7. */
export function revocationKey(issuer: string, jwtId: string): string {
  return JSON.stringify([issuer, jwtId]);
}

/** Revoked tokens, each until it has expired anyway. */
export class RevokedTokens {
  readonly #clock: Clock;
  readonly #expiries = new Map<string, number>();
  #sweptAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
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
    if (now < this.#sweptAt + 60) return;
    this.#sweptAt = now;
    for (const [key, expiresAt] of this.#expiries) {
      // the guard accepts tokens for as long past their expiry
      if (expiresAt + MAX_CLOCK_TOLERANCE < now) this.#expiries.delete(key);
    }
  }
}
