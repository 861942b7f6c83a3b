/** Drives variants in turns, so that whatever else the machine does falls on all of them alike. */
import { cpuSeconds } from './cpu.ts';
import type { Scale } from './scale.ts';
import { median, percentile } from './statistics.ts';

/** In so many parts a window is taken. */
const SLICES = 4;

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

/** A part of a window, times in seconds but for the latencies, which are in milliseconds. */
interface Slice {
  readonly cpu: number;
  readonly cpuBeside: number;
  readonly seconds: number;
  readonly latencies: readonly number[];
}

export interface Measured {
  readonly name: string;
  readonly windows: readonly Window[];
}

/**
 * Measures A B A B …; the windows of one index belong together. The windows of a round are taken in slices, in turns too, so that
 * each of them has its part of the machine's better and worse seconds. Each round shows as a dot.
 */
export async function measureInTurns(variants: readonly Variant[], scale: Scale): Promise<Measured[]> {
  for (const variant of variants) await drive(variant, warmupOf(variant, scale), scale.concurrency);
  const measured = variants.map(({ name }) => ({ name, windows: [] as Window[] }));
  for (let round = 0; round < scale.rounds; round += 1) {
    const slices = variants.map(() => [] as Slice[]);
    for (let turn = 0; turn < SLICES; turn += 1) {
      for (const [index, variant] of variants.entries()) slices[index]!.push(await measureSlice(variant, turn, scale));
    }
    for (const [index, taken] of slices.entries()) measured[index]!.windows.push(windowOf(taken));
    process.stderr.write('.');
  }
  return measured;
}

/** Requests before the first window, so that code is compiled and caches are as they are in service. */
export function warmupOf({ weight = 1, warmup = weight }: Pick<Variant, 'weight' | 'warmup'>, scale: Scale): number {
  return Math.ceil(scale.warmup * warmup);
}

/** Requests of one window. */
export function requestsOf({ weight = 1 }: Pick<Variant, 'weight'>, scale: Scale): number {
  return SLICES * Math.ceil((scale.requests * weight) / SLICES);
}

/** The cost of one variant as a multiple of another's, window by window. */
export function ratios(variant: Measured, base: Measured): number[] {
  return variant.windows.map(({ cpu }, index) => cpu / base.windows[index]!.cpu);
}

/** Microseconds of CPU per request in the middle window. */
export function medianCpu({ windows }: Measured): number {
  return median(windows.map(({ cpu }) => cpu));
}

async function measureSlice(variant: Variant, turn: number, scale: Scale): Promise<Slice> {
  const [pids, beside] = [variant.pids(), variant.beside ?? (() => NaN)];
  const count = requestsOf(variant, scale) / SLICES;
  const [cpu, cpuBeside] = [cpuSeconds(pids), beside()];
  const started = performance.now();
  const latencies = await drive(variant, count, scale.concurrency, turn * count);
  const seconds = (performance.now() - started) / 1000;
  return { cpu: cpuSeconds(pids) - cpu, cpuBeside: beside() - cpuBeside, seconds, latencies };
}

function windowOf(slices: readonly Slice[]): Window {
  const latencies = slices.flatMap((slice) => slice.latencies);
  const sum = (member: 'cpu' | 'cpuBeside' | 'seconds'): number =>
    slices.reduce((total, slice) => total + slice[member], 0);
  return {
    cpu: (sum('cpu') * 1e6) / latencies.length,
    cpuBeside: (sum('cpuBeside') * 1e6) / latencies.length,
    perSecond: latencies.length / sum('seconds'),
    p50: percentile(latencies, 0.5),
    p90: percentile(latencies, 0.9),
    p99: percentile(latencies, 0.99),
  };
}

/**
 * Sends `count` requests, `concurrency` at a time, and answers with how long each took, in milliseconds.
 * @param first the index of the first of them
 */
export async function drive({ name, send }: Variant, count: number, concurrency: number, first = 0): Promise<number[]> {
  const latencies: number[] = [];
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < first + count) {
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
