import { decodeJwt } from 'jose';
import type { SubjectToken } from '../subject-token.js';
import { toTypedToken } from './to-token-request.js';
import type { TypedToken } from '../tokens/token-request.js';

/** Subject tokens as they are sent: one object for all calls of a request, so that its token is checked and hashed once. */
export class TypedSubjects {
  readonly #defaultType: string;
  readonly #typed = new WeakMap<SubjectToken, TypedToken>();

  constructor(defaultType: string) {
    this.#defaultType = defaultType;
  }

  /** @throws ExchangeRefused `invalid_request` when it cannot be a token */
  typed(subject: SubjectToken): TypedToken {
    const { token, type = this.#defaultType } = subject;
    const known = this.#typed.get(subject);
    // an object that holds another token by now is another subject
    if (known?.token === token && known.type === type) return known;
    const typed = toTypedToken(token, type);
    this.#typed.set(subject, typed);
    return typed;
  }
}

/**
 * When a subject token ends, in seconds since the epoch. Unverified, which does no harm: it can only shorten the reuse of what was made
 * from it.
 */
export function expiryOf({ token, expiresAt }: SubjectToken): number | undefined {
  if (expiresAt !== undefined) return expiresAt;
  try {
    return decodeJwt(token).exp;
  } catch {
    return undefined;
  }
}
