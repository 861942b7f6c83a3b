import { describe, expect, it } from '@jest/globals';
import { timeOrderedTraces } from './trace-ids.js';

describe('W3C Trace Context §3.2.2.3: trace-id and parent-id', () => {
  it('are lowercase hexadecimal, 16 and 8 bytes', () => {
    expect(timeOrderedTraces.generateTraceId()).toMatch(/^[0-9a-f]{32}$/);
    expect(timeOrderedTraces.generateSpanId()).toMatch(/^[0-9a-f]{16}$/);
  });

  it('of traces begin with the milliseconds since the epoch, so that later ones sort behind', () => {
    const before = Date.now();
    const time = parseInt(timeOrderedTraces.generateTraceId().slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it('end with seven random bytes and more', () => {
    const endings = Array.from({ length: 10_000 }, () => timeOrderedTraces.generateTraceId().slice(-14));
    expect(new Set(endings).size).toBe(10_000);
  });
});
