import type { ServerMetrics } from '@onbehalf/authorization-server';
import type { AuthorizationStore } from '@onbehalf/authorization-store';
import { systemClock } from '@onbehalf/oauth-protocol';

const DAY = 24 * 3600;

/**
 * Measures by how much the oldest record is older than the retention. The server deletes no record: `audit-archive` moves them into a
 * file that somebody keeps.
 * @param days that records stay in the database
 */
export function measureRetention(days: number, store: AuthorizationStore, metrics: ServerMetrics): void {
  const help =
    'Seconds by which the oldest audit record in the database is older than AUDIT_RETENTION; 0 when it is not';
  metrics.gauge('onbehalf_audit_overdue_seconds', help, 'of', async () => {
    const oldest = await store.audit.oldest();
    const overdue = oldest === undefined ? 0 : systemClock() - oldest / 1000 - days * DAY;
    return new Map([['trail', Math.max(0, Math.floor(overdue))]]);
  });
}
