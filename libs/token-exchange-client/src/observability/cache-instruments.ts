import { metrics, type BatchObservableResult } from '@opentelemetry/api';
import type { CacheMetrics } from '../cache/cache-metrics.js';

const COUNTERS = [
  'hits',
  'negativeHits',
  'misses',
  'joined',
  'sharedHits',
  'sharedErrors',
  'evictions',
  'invalidations',
] as const;
const GAUGES = ['flights', 'entries', 'bytes'] as const;

/** Publishes the cache's metrics as `onbehalf.exchange_cache.*`; answers with what ends that. */
export function observeCache(read: () => CacheMetrics): () => void {
  const meter = metrics.getMeter('@onbehalf/token-exchange-client');
  const name = (metric: string): string => `onbehalf.exchange_cache.${metric}`;
  const counters = COUNTERS.map((metric) => ({ metric, instrument: meter.createObservableCounter(name(metric)) }));
  const gauges = GAUGES.map((metric) => ({ metric, instrument: meter.createObservableGauge(name(metric)) }));
  const all = [...counters, ...gauges];
  const observe = (result: BatchObservableResult): void => {
    const current = read();
    for (const { metric, instrument } of all) result.observe(instrument, current[metric]);
  };
  const instruments = all.map(({ instrument }) => instrument);
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}
