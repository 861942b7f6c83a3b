import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { chainHash } from '../chain/audit-chain.js';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();

describe.each(databases)('an audit trail that goes on behind a checkpoint on $name', (kind) => {
  const trail = trailForEach(kind, 5);

  it.each<[string, () => Promise<unknown>]>([
    ['the checkpoint is gone', () => trail.database.deleteFrom('audit_checkpoints').execute()],
    ['the checkpoint was moved', () => trail.database.updateTable('audit_checkpoints').set({ sequence: 7 }).execute()],
    [
      'the checkpoint has another hash',
      () => trail.database.updateTable('audit_checkpoints').set({ hash: 'forged' }).execute(),
    ],
    [
      'the checkpoint names another archive',
      () => trail.database.updateTable('audit_checkpoints').set({ archive: 'x' }).execute(),
    ],
    [
      'the checkpoint is sealed with a key that is not given',
      () => trail.database.updateTable('audit_checkpoints').set({ sealed_with: 'x' }).execute(),
    ],
    ['the head is gone', () => trail.database.deleteFrom('audit_heads').where('writer', '=', trail.writer).execute()],
  ])('is broken when %s', async (_name, change) => {
    await trail.archive('1');
    await trail.append(2);
    await change();
    expect(await trail.verify()).toMatchObject({ ok: false });
  });

  it('takes no records in the place of those that were archived', async () => {
    const row = await trail.database
      .selectFrom('audit_records')
      .selectAll()
      .where('sequence', '=', 2)
      .executeTakeFirstOrThrow();
    const last = await trail.database
      .selectFrom('audit_records')
      .selectAll()
      .where('sequence', '=', 5)
      .executeTakeFirstOrThrow();
    await trail.archive('1');
    for (const real of [row, { ...last, event: '{"type":"e"}' }]) {
      const forged = { ...real, hash: chainHash(real) };
      await trail.database.insertInto('audit_records').values(forged).execute();
      expect(await trail.verify()).toMatchObject({ ok: false });
      await trail.database
        .deleteFrom('audit_records')
        .where('sequence', '=', forged.sequence)
        .where('writer', '=', trail.writer)
        .execute();
    }
    expect(await trail.verify()).toMatchObject({ ok: true });
  });

  it('does not hide that a chain was taken away which only archived records had seen', async () => {
    await trail.reopen();
    await trail.append(1);
    await trail.archive('1');
    await trail.reopen();
    await trail.append(1);
    for (const table of ['audit_heads', 'audit_checkpoints'] as const) {
      await trail.database.deleteFrom(table).where('writer', '=', trail.writer).execute();
    }
    const verification = await trail.verify();
    expect(verification).toMatchObject({ ok: false, brokenAt: [{ writer: trail.writer, sequence: 5 }] });
    expect(await trail.verify('1')).toMatchObject({ ok: false });
  });
});
