import { AsyncLocalStorage } from 'node:async_hooks';
import { currentAccessToken } from '@onbehalf/jwt-verification';

/** The token of the user for whom a call is made. A `VerifiedAccessToken` is one. */
export interface SubjectToken {
  readonly token: string;
  /** A token type identifier (RFC 8693 §3); absent: the preset's. */
  readonly type?: string;
  /** Seconds since the epoch; the exchanged token is not reused past it. */
  readonly expiresAt?: number;
  readonly tenant?: string;
}

interface Handed {
  readonly subject: SubjectToken;
  /** What the guard had set when the subject was handed over. */
  readonly guarded: SubjectToken | undefined;
}

const storage = new AsyncLocalStorage<Handed>();

/**
 * Runs `work` on behalf of the subject of `token`, through every await inside it: for queues, jobs, and messages, where no
 * guard has set the token. The token is not verified here; the authorization server does that at the exchange.
 */
export function onBehalfOf<T>(token: string | SubjectToken, work: () => T): T {
  const subject = typeof token === 'string' ? { token } : token;
  return storage.run({ subject, guarded: currentAccessToken() }, work);
}

/** The token to exchange: what {@link onBehalfOf} or the guard set last; `undefined` when neither did. */
export function currentSubjectToken(): SubjectToken | undefined {
  const guarded = currentAccessToken();
  const handed = storage.getStore();
  // a guard that ran inside of onBehalfOf is nearer to the call
  if (handed === undefined || handed.guarded !== guarded) return guarded;
  return handed.subject;
}
