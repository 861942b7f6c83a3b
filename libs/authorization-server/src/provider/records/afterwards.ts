const left = new WeakMap<object, Promise<unknown>[]>();

/**
 * Has the answer to a request wait for `work`: the provider's events do not wait for their listeners.
 * @param ctx of the request; absent outside of one
 */
export function afterwards(ctx: object | undefined, work: Promise<unknown>): void {
  work.catch(() => undefined);
  if (ctx) left.set(ctx, [...(left.get(ctx) ?? []), work]);
}

/** Finishes what was left to the end of a request. */
export async function finishWork(ctx: object): Promise<void> {
  const work = left.get(ctx);
  if (work) await Promise.all(work);
}
