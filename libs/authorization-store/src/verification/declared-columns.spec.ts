import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { openStore } from '../open-store.js';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();
const FIELD = { name: 'approver', description: 'who has approved it', searchable: true };

describe.each(databases)('a column that a feature has declared, on $name', (kind) => {
  const trail = trailForEach(kind, 1, [FIELD]);
  const empty = (sequence: number) =>
    sql`update audit_records set field_approver = null where sequence = ${sequence}`.execute(trail.database);

  it('cannot be emptied, so that its record is not found by it', async () => {
    const { sequence } = await trail.store.audit.append({ type: 'e', approver: 'anna' });
    expect(await trail.verify()).toMatchObject({ ok: true });
    await empty(sequence);
    const reason = 'the column field_approver does not match the event';
    expect(await trail.verify()).toMatchObject({ ok: false, brokenAt: [{ sequence, reason }] });
  });

  it('is empty where it was declared after the record was written', async () => {
    const { url, encryptionKeys } = trail;
    const before = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    await before.audit.append({ type: 'e', approver: 'anna' });
    await before.close();
    expect(await trail.verify()).toMatchObject({ ok: true });
  });
});
