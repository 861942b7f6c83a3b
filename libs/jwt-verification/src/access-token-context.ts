import { AsyncLocalStorage } from 'node:async_hooks';
import type { VerifiedAccessToken } from './verify-access-token.js';

const storage = new AsyncLocalStorage<VerifiedAccessToken>();

/** Runs `work` with `token` as the access token of the current request, through every await inside it. */
export function withAccessToken<T>(token: VerifiedAccessToken, work: () => T): T {
  return storage.run(token, work);
}

/** The access token of the current request, as the guard verified it; `undefined` outside of one. */
export function currentAccessToken(): VerifiedAccessToken | undefined {
  return storage.getStore();
}
