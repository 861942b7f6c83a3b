/** How much is measured. Ratios need long windows to be steady; that the benchmarks run at all needs a handful of requests. */
export interface Scale {
  readonly name: 'full' | 'quick' | 'tiny';
  /** Windows of each variant, taken in turns. */
  readonly rounds: number;
  /** Requests of one window. */
  readonly requests: number;
  /** Requests before the first window, so that the compiler has settled: with exchanges it takes some 15,000. */
  readonly warmup: number;
  readonly concurrency: number;
  /** Exchanges of the memory case. */
  readonly exchanges: number;
  /** The large ends of the flatness cases. */
  readonly edges: number;
  readonly users: number;
  readonly auditRows: number;
  /** Starts of each app. */
  readonly starts: number;
}

export const SCALES: Readonly<Record<Scale['name'], Scale>> = {
  full: {
    name: 'full',
    rounds: 9,
    requests: 800,
    warmup: 15_000,
    concurrency: 16,
    exchanges: 100_000,
    edges: 10_000,
    users: 100_000,
    auditRows: 1_000_000,
    starts: 5,
  },
  quick: {
    name: 'quick',
    rounds: 3,
    requests: 400,
    warmup: 700,
    concurrency: 16,
    exchanges: 3000,
    edges: 10_000,
    users: 10_000,
    auditRows: 50_000,
    starts: 1,
  },
  tiny: {
    name: 'tiny',
    rounds: 1,
    requests: 8,
    warmup: 4,
    concurrency: 4,
    exchanges: 40,
    edges: 100,
    users: 100,
    auditRows: 100,
    starts: 1,
  },
};
