import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditEvent, FailedLoginEvent } from './audit-event.js';
import { SampledRefusals } from './sampled-refusals.js';

const failed = (subject?: string): FailedLoginEvent => ({
  type: 'login_failed',
  outcome: 'rejected',
  ...(subject !== undefined && { subject }),
  reason: 'wrong password',
});

describe('what is refused to callers that nobody knows', () => {
  let recorded: AuditEvent[];
  let counted: string[];
  let now: number;
  let refusals: SampledRefusals;

  beforeEach(() => {
    recorded = [];
    counted = [];
    now = 1000;
    refusals = new SampledRefusals({
      trail: { append: (event) => Promise.resolve(recorded.push(event)) },
      clock: () => now,
      onRefused: (requested) => counted.push(requested),
    });
  });

  const flood = async (count: number, subject?: string): Promise<void> => {
    for (let index = 0; index < count; index += 1) await refusals.record(failed(subject));
  };

  it('is recorded ten times in ten minutes, however often it happens, and counted each time', async () => {
    await flood(1000);
    expect(recorded).toEqual(Array(10).fill(failed()));
    expect(counted).toHaveLength(1000);
  });

  it('tells how many it left out, when the ten minutes are over, and begins again', async () => {
    await flood(25);
    await refusals.record({
      type: 'token_exchange',
      outcome: 'rejected',
      time: now,
      clientId: 'unauthenticated',
      targets: [],
    });
    now += 600;
    await flood(11);
    expect(recorded.slice(11)).toEqual([
      { type: 'refused_requests', outcome: 'rejected', requested: 'login_failed', count: 15, since: 1000, until: 1600 },
      ...(Array(10).fill(failed()) as unknown[]),
    ]);
  });

  it('attempts to sign in as one user do not hide those as another', async () => {
    await flood(100, 'alice');
    await flood(1, 'bob');
    expect(recorded.filter((event) => 'subject' in event && event.subject === 'bob')).toHaveLength(1);
  });

  it('tells at the end of the process what it has not told', async () => {
    await flood(12);
    await refusals.beforeApplicationShutdown();
    await refusals.beforeApplicationShutdown();
    expect(recorded.slice(10)).toEqual([expect.objectContaining({ type: 'refused_requests', count: 2 })]);
  });
});
