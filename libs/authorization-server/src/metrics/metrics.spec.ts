import { PerformanceObserver } from 'node:perf_hooks';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RegisteredPolicy, type ExchangeAuditEvent, type IssuedToken } from '@onbehalf/token-exchange';
import { AdminEndpoints } from '../admin/operator.fixture.js';
import { countExchanges, measureExchanges } from './count-exchanges.js';
import { MetricsController } from '../admin/metrics.controller.js';
import { ServerMetrics } from './server-metrics.js';

const policy = new RegisteredPolicy({
  clients: [{ clientId: 'user-service', enabled: true, confidential: true, represents: [] }],
  resources: [{ audience: 'message-service', resource: 'https://messages.example', scopes: [] }],
  edges: [],
});

const event = (changes: Partial<ExchangeAuditEvent> = {}): ExchangeAuditEvent => ({
  type: 'token_exchange',
  outcome: 'issued',
  time: 0,
  clientId: 'user-service',
  targets: ['message-service'],
  ...changes,
});

describe('metrics', () => {
  let metrics: ServerMetrics;
  beforeEach(() => void (metrics = new ServerMetrics()));

  const counted = async (): Promise<string[]> =>
    (await metrics.expose()).split('\n').filter((line) => line.startsWith('onbehalf_token_exchanges_total{'));

  describe('exchanges by client, target and outcome', () => {
    const working = { record: () => Promise.resolve(), recordIssued: () => Promise.resolve(true) };
    const fail = () => Promise.reject(new Error('the database is gone'));
    const broken = { record: fail, recordIssued: fail };
    const issued = {} as IssuedToken;

    it.each<[string, Partial<ExchangeAuditEvent>, string]>([
      ['issued', {}, 'client="user-service",target="message-service",outcome="issued"'],
      ['rejected', { outcome: 'rejected' }, 'client="user-service",target="message-service",outcome="rejected"'],
      [
        'a target by its URI',
        { targets: ['https://messages.example'] },
        'client="user-service",target="message-service",outcome="issued"',
      ],
      [
        'a target that callers made up',
        { targets: ['x'.repeat(500)] },
        'client="user-service",target="unknown",outcome="issued"',
      ],
      ['no target', { targets: [] }, 'client="user-service",target="unknown",outcome="issued"'],
      [
        'a client that callers made up',
        { clientId: 'stranger' },
        'client="unknown",target="message-service",outcome="issued"',
      ],
    ])('%s', async (_, changes, labels) => {
      await countExchanges(working, policy, metrics).record(event(changes));
      expect(await counted()).toEqual([`onbehalf_token_exchanges_total{${labels}} 1`]);
    });

    it('an issued one together with the record of its token', async () => {
      await countExchanges(working, policy, metrics).recordIssued(event(), issued);
      expect(await counted()).toHaveLength(1);
    });

    it('one whose token must not leave is not issued', async () => {
      const late = { ...working, recordIssued: () => Promise.resolve(false) };
      expect(await countExchanges(late, policy, metrics).recordIssued(event(), issued)).toBe(false);
      expect(await counted()).toEqual([]);
    });

    it('one whose record cannot be written has failed', async () => {
      const sink = countExchanges(broken, policy, metrics);
      await expect(sink.recordIssued(event(), issued)).rejects.toThrow('the database is gone');
      expect(await counted()).toEqual([
        'onbehalf_token_exchanges_total{client="user-service",target="message-service",outcome="failed"} 1',
      ]);
    });
  });

  it('the time of exchanges, refused ones apart', async () => {
    const engine = measureExchanges({ parameters: [], exchange: () => Promise.reject(new Error('refused')) }, metrics);
    await expect(engine.exchange(new URLSearchParams(), {} as never)).rejects.toThrow('refused');
    expect(await metrics.expose()).toContain('onbehalf_token_exchange_duration_seconds_count{outcome="refused"} 1');
  });

  it('the time of queries, failed ones apart', async () => {
    metrics.observeQuery({ milliseconds: 30, failed: false });
    metrics.observeQuery({ milliseconds: 3000, failed: true });
    const text = await metrics.expose();
    expect(text).toContain('onbehalf_store_query_duration_seconds_sum{result="ok"} 0.03');
    expect(text).toContain('onbehalf_store_query_duration_seconds_sum{result="failed"} 3');
  });

  it('a value that is asked for is left out while it cannot be told', async () => {
    let available = true;
    metrics.gauge('age_seconds', 'An age', 'algorithm', () =>
      available ? Promise.resolve(new Map([['ES256', 7]])) : Promise.reject(new Error('gone')),
    );
    expect(await metrics.expose()).toContain('age_seconds{algorithm="ES256"} 7');
    available = false;
    expect(await metrics.expose()).not.toContain('age_seconds{');
  });

  it('what somebody else counts is told as it stands at each scrape', async () => {
    const counts = new Map([['replays', 5]]);
    metrics.total('swept_total', 'Rows', 'table', () => counts);
    expect(await metrics.expose()).toContain('swept_total{table="replays"} 5');
    counts.set('replays', 7);
    expect(await metrics.expose()).toContain('swept_total{table="replays"} 7');
  });

  it('of the process are the same for all servers in it, and observed once', async () => {
    const observers = jest.spyOn(PerformanceObserver.prototype, 'observe');
    const servers = Array.from({ length: 3 }, () => new ServerMetrics());
    for (const each of servers) {
      const text = await each.expose();
      expect(text.match(/^nodejs_gc_duration_seconds_count/gm)?.length ?? 0).toBeLessThanOrEqual(4);
      expect(text.match(/^# TYPE process_cpu_seconds_total/gm)).toHaveLength(1);
    }
    expect(observers).not.toHaveBeenCalled();
    observers.mockRestore();
  });

  it('are shown to a token with their scope, and to nobody else', async () => {
    const endpoints = await AdminEndpoints.start(MetricsController, [{ provide: ServerMetrics, useValue: metrics }]);
    try {
      expect((await endpoints.fetch('/metrics')).status).toBe(401);
      expect((await endpoints.fetch('/metrics', 'audit.read')).status).toBe(403);
      const answer = await endpoints.fetch('/metrics', 'metrics.read');
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      expect(await answer.text()).toContain('process_cpu_seconds_total');
    } finally {
      await endpoints.stop();
    }
  });
});
