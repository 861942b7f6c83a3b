/** A request as far as work can be left to its end. */
export type AnyContext = { state: Record<string, unknown> };

/** Has the answer wait for `work`: the provider's events do not wait for their listeners. */
export function afterwards(ctx: AnyContext | undefined, work: Promise<unknown>): void {
  work.catch(() => undefined);
  if (ctx) ((ctx.state['afterwards'] ??= []) as Promise<unknown>[]).push(work);
}

/** Middleware that finishes what was left to the end of the request. */
export async function finishAfterwards(ctx: AnyContext, next: () => Promise<void>): Promise<void> {
  await next();
  await Promise.all((ctx.state['afterwards'] ?? []) as Promise<unknown>[]);
}
