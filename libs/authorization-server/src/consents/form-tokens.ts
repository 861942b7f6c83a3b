import { createHmac, timingSafeEqual } from 'node:crypto';

/** Ties forms to the session that they were shown in, so that no other site can send them in its name. */
export class FormTokens {
  readonly #keys: readonly string[];

  /** @param keys the first makes tokens, all are accepted; equal on all replicas */
  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  /** The token that a form of this session carries, in base64url. */
  of(session: string): string {
    return sign(this.#keys[0]!, session).toString('base64url');
  }

  /** Whether the token is of a form of this session, compared in constant time. */
  accept(token: string, session: string): boolean {
    const given = Buffer.from(token, 'base64url');
    return this.#keys.some((key) => {
      const expected = sign(key, session);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  }
}

function sign(key: string, session: string): Buffer {
  return createHmac('sha256', key).update(`form of ${session}`).digest();
}
