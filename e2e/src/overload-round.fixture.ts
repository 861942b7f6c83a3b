import type { LoadReport } from '../../tools/load.ts';

/** What was done before an overload, under it, and after. */
export interface Round {
  readonly before: LoadReport;
  readonly during: LoadReport;
  readonly after: LoadReport;
  /** Seconds of each. */
  readonly seconds: number;
  /** Megabytes that the process has otherwise, and the most under the overload. */
  readonly memory?: { readonly usual: number; readonly most: number };
}

/** Of what the server does before and after, the lower: two cores have more to do than this. */
export function shareOfCapacity({ before, during, after }: Round): number {
  return during.goodput / Math.min(before.goodput, after.goodput);
}

/** The middle one. */
export function median(all: readonly number[]): number {
  return all.toSorted((one, other) => one - other)[Math.floor(all.length / 2)]!;
}

/** Prints it. */
export function tell(name: string, { before, during, after, seconds, memory }: Round): void {
  const [offered, ...goodput] = [during.offered / seconds, before.goodput, during.goodput, after.goodput].map(
    Math.round,
  );
  process.stderr.write(
    `${name}: ${goodput.join(', ')} exchanges/s before, under ${offered} requests/s, and after; ` +
      `answers ${JSON.stringify(during.answers)}, late ${during.late}; accepted in ${during.accepted.p50} ms, ` +
      `p99 ${during.accepted.p99}, before in ${before.accepted.p50} ms; ` +
      `refused in ${during.refused.p50} ms, p99 ${during.refused.p99}` +
      `${memory ? `; memory ${Math.round(memory.usual)} MB, then ${Math.round(memory.most)}` : ''}\n`,
  );
}
