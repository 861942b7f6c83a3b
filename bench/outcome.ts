/** What a case has found, for the table, the JSON and the chart alike. */
import { ratios, type Measured } from './measure.ts';
import { median, spread, type Spread } from './statistics.ts';

/** A comparison, a value with a unit, or several amounts. */
export interface Row {
  readonly variant: string;
  /** Microseconds of CPU per request. */
  readonly cpu?: Spread;
  readonly perSecond?: number;
  /** Milliseconds. */
  readonly latency?: { readonly p50: number; readonly p90: number; readonly p99: number };
  /** What `ratio` is a multiple of. */
  readonly against?: string;
  readonly ratio?: Spread;
  readonly value?: Spread;
  readonly unit?: string;
  /** Several amounts of one thing, by unit. */
  readonly amounts?: Readonly<Record<string, number>>;
  readonly goal?: Goal;
}

/** The most that the middle of the ratio, or of the value, may be. */
export interface Goal {
  readonly atMost: number;
}

export interface Outcome {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly note?: string;
}

/** The row of one variant by itself. */
export function row({ name, windows }: Measured): Row {
  const middle = (pick: 'perSecond' | 'p50' | 'p90' | 'p99'): number => median(windows.map((window) => window[pick]));
  return {
    variant: name,
    cpu: spread(windows.map(({ cpu }) => cpu)),
    perSecond: middle('perSecond'),
    latency: { p50: middle('p50'), p90: middle('p90'), p99: middle('p99') },
  };
}

/** The row of a variant that is compared with another. */
export function comparedRow(variant: Measured, base: Measured, atMost?: number): Row {
  return {
    ...row(variant),
    against: base.name,
    ratio: spread(ratios(variant, base)),
    ...(atMost !== undefined && { goal: { atMost } }),
  };
}

/** The row of a value that is no cost of a request. */
export function valueRow(variant: string, values: readonly number[], unit: string, atMost?: number): Row {
  return { variant, value: spread(values), unit, ...(atMost !== undefined && { goal: { atMost } }) };
}

/** The row of several amounts of one thing. */
export function amountsRow(variant: string, amounts: Readonly<Record<string, number>>): Row {
  return { variant, amounts };
}

/** Whether the goal is met; `undefined` where there is none, or nothing that could be compared with it. */
export function isMet({ goal, ratio, value }: Row): boolean | undefined {
  const measured = (ratio ?? value)?.median;
  if (!goal || measured === undefined || !Number.isFinite(measured)) return undefined;
  return measured <= goal.atMost;
}

/** What `variant` costs more than `base`, window by window. Microseconds of CPU. */
export function added(variant: Measured, base: Measured): number[] {
  return variant.windows.map(({ cpu }, index) => cpu - base.windows[index]!.cpu);
}
