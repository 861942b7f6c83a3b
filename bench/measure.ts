/** Drives variants in turns, so that whatever else the machine does falls on all of them alike. */
import { cpuSeconds } from './cpu.ts';
import type { Scale } from './scale.ts';
import { median, percentile } from './statistics.ts';

/** One way of doing the same thing. */
export interface Variant {
  readonly name: string;
  /** The processes whose CPU time is charged. */
  readonly pids: () => readonly number[];
  /** Seconds of CPU that are counted apart, such as those of a database server. */
  readonly beside?: () => number;
  /** Requests for each one of the scale: less where one costs much. Default: 1. */
  readonly weight?: number;
  /** The same for the requests before the first window. Default: `weight`. */
  readonly warmup?: number;
  /**
   * One request.
   * @throws Error when the answer is not right, which ends the run
   */
  readonly send: (index: number) => Promise<void>;
}

/** What one window of requests cost. */
export interface Window {
  /** Microseconds of CPU per request. */
  readonly cpu: number;
  /** The same of what is counted apart; `NaN` without any. */
  readonly cpuBeside: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface Measured {
  readonly name: string;
  readonly windows: readonly Window[];
}

/** Measures A B A B …; the windows of one index belong together. Each round shows as a dot. */
export async function measureInTurns(variants: readonly Variant[], scale: Scale): Promise<Measured[]> {
  for (const variant of variants) await drive(variant, warmupOf(variant, scale), scale.concurrency);
  const measured = variants.map(({ name }) => ({ name, windows: [] as Window[] }));
  for (let round = 0; round < scale.rounds; round += 1) {
    for (const [index, variant] of variants.entries()) {
      measured[index]!.windows.push(await measureWindow(variant, scale));
    }
    process.stderr.write('.');
  }
  return measured;
}

/** How many requests of a variant stand for so many of the scale. */
export function weigh(requests: number, { weight = 1 }: Pick<Variant, 'weight'>): number {
  return Math.ceil(requests * weight);
}

/** Requests before the first window, so that code is compiled and caches are as they are in service. */
export function warmupOf({ weight, warmup = weight ?? 1 }: Pick<Variant, 'weight' | 'warmup'>, scale: Scale): number {
  return weigh(scale.warmup, { weight: warmup });
}

/** The cost of one variant as a multiple of another's, window by window. */
export function ratios(variant: Measured, base: Measured): number[] {
  return variant.windows.map(({ cpu }, index) => cpu / base.windows[index]!.cpu);
}

/** Microseconds of CPU per request in the middle window. */
export function medianCpu({ windows }: Measured): number {
  return median(windows.map(({ cpu }) => cpu));
}

async function measureWindow(variant: Variant, scale: Scale): Promise<Window> {
  const [pids, beside] = [variant.pids(), variant.beside ?? (() => NaN)];
  const requests = weigh(scale.requests, variant);
  const [cpu, cpuBeside] = [cpuSeconds(pids), beside()];
  const started = performance.now();
  const latencies = await drive(variant, requests, scale.concurrency);
  const seconds = (performance.now() - started) / 1000;
  return {
    cpu: ((cpuSeconds(pids) - cpu) * 1e6) / requests,
    cpuBeside: ((beside() - cpuBeside) * 1e6) / requests,
    perSecond: requests / seconds,
    p50: percentile(latencies, 0.5),
    p90: percentile(latencies, 0.9),
    p99: percentile(latencies, 0.99),
  };
}

/** Sends `count` requests, `concurrency` at a time, and answers with how long each took, in milliseconds. */
export async function drive({ name, send }: Variant, count: number, concurrency: number): Promise<number[]> {
  const latencies: number[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const started = performance.now();
      await send(index);
      latencies.push(performance.now() - started);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  } catch (cause) {
    throw new Error(`${name}: ${(cause as Error).message}`, { cause });
  }
  return latencies;
}
