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
