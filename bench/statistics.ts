/** The middle and the ends of a series. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The value that the share `part` of the series does not exceed. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)]!;
}

/** Bounds of the median of what the series is a sample of, with 95 % confidence, by its order alone. */
export function medianInterval(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((left, right) => left - right);
  // so many values lie on one side of the median, by the binomial distribution of halves
  let beyond = 0.5 ** sorted.length;
  let below = 0;
  for (let term = beyond; beyond <= 0.025 && below < sorted.length / 2 - 1; below += 1) {
    term *= (sorted.length - below) / (below + 1);
    beyond += term;
  }
  const first = Math.max(0, below - 1);
  return [sorted[first]!, sorted[sorted.length - 1 - first]!];
}
