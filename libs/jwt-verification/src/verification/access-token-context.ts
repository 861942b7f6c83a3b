import { AsyncLocalStorage } from 'node:async_hooks';
import type { VerifiedAccessToken } from './verify-access-token.js';

/** Where the token of one request stands. It is open until a guard has verified one. */
interface Slot {
  token?: VerifiedAccessToken;
}

/** One for the process, whatever number of copies of this library it holds. The number changes with what is kept. */
const KEY = Symbol.for('@onbehalf/jwt-verification:access-token-context@1');

const shared = globalThis as { [KEY]?: AsyncLocalStorage<Slot> };
const storage = (shared[KEY] ??= new AsyncLocalStorage<Slot>());

/** Runs `work` with `token` as the access token of the current request, through every await inside it. */
export function withAccessToken<T>(token: VerifiedAccessToken, work: () => T): T {
  return storage.run({ token }, work);
}

/** The access token of the current request, as the guard verified it; `undefined` outside of one. */
export function currentAccessToken(): VerifiedAccessToken | undefined {
  return storage.getStore()?.token;
}

/** Runs `work` as a request of its own: without an access token until {@link setAccessToken} sets one. */
export function withRequestContext<T>(work: () => T): T {
  return storage.run({}, work);
}

/** Whether the caller runs inside a request. */
export function hasRequestContext(): boolean {
  return storage.getStore() !== undefined;
}

/**
 * Makes what follows the caller a request of its own, where nothing can be wrapped around it. It reaches the caller's callers
 * too, until they wait: only for a callback that one message starts.
 */
export function enterRequestContext(): void {
  storage.enterWith({});
}

/**
 * Sets the access token of the current request, for all that runs in it. A request keeps its first token: another one is of
 * another request, and is left to {@link withAccessToken}.
 */
export function setAccessToken(token: VerifiedAccessToken): void {
  const slot = storage.getStore();
  if (slot) slot.token ??= token;
}
