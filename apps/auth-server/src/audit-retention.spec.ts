import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ServerMetrics } from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { measureRetention } from './audit-retention.js';

describe('the retention of the audit trail', () => {
  let store: AuthorizationStore;
  let metrics: ServerMetrics;

  beforeEach(async () => {
    store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
    metrics = new ServerMetrics();
  });
  afterEach(() => store.close());

  const overdue = async (days: number) => {
    measureRetention(days, store, metrics);
    const [, seconds] = /^onbehalf_audit_overdue_seconds\{of="trail"\} (\d+)$/m.exec(await metrics.expose()) ?? [];
    return Number(seconds);
  };

  it('is kept when there is no record', async () => expect(await overdue(1)).toBe(0));

  it('is kept when the oldest record is younger', async () => {
    await store.audit.append({ type: 'login' });
    expect(await overdue(1)).toBe(0);
  });

  it('is told by how much it is exceeded', async () => {
    await store.audit.append({ type: 'login' });
    // now is in whole seconds, and may be a part of one before the record
    expect(await overdue(-2)).toBeGreaterThanOrEqual(2 * 24 * 3600 - 1);
  });
});
