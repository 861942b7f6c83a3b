import { rename, rm } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { trailForEach } from '../verification/audit-trail.fixture.js';

const databases = await testDatabases();
const WHO = { by: 'anna', reason: 'the disk of the archives broke' };

describe.each(databases)('an archive that was lost while its records were deleted on $name', (kind) => {
  const trail = trailForEach(kind, 5);
  const acknowledge = (only: readonly string[], names: readonly string[] = []) =>
    trail.run('audit-acknowledge-gap', {
      ...WHO,
      only,
      ...(names.length > 0 && { archives: names.map((name) => trail.file(name)) }),
    });
  /** Deletes no more than one batch. */
  async function stopArchiving(name: string): Promise<string> {
    await Promise.all(Array.from({ length: 1500 }, () => trail.store.audit.append({ type: 'e' })));
    const progress = (step: string) => {
      if (step === 'deleted') throw new Error('stopped');
    };
    const options = { before: Date.now() + 60_000, out: trail.file(name), progress };
    await expect(trail.store.audit.archive(options)).rejects.toThrow('stopped');
    return trail.archiveIn(name);
  }

  it('does not keep the next one from being made, of all that is left', async () => {
    const archive = await stopArchiving('1');
    await rename(trail.file('1'), trail.file('elsewhere'));
    const rest = await trail.left();
    await expect(trail.archive('2')).rejects.toThrow(
      `the file of the archive ${archive}, whose records are not all deleted yet (audit-acknowledge-gap if it is lost)`,
    );
    expect(await acknowledge([archive])).toMatchObject({ code: 0 });
    expect(await trail.left()).toBe(rest);
    expect(await trail.verify()).toMatchObject({ ok: true, acknowledged: [{ from: 0, to: 999, archive, by: 'anna' }] });
    await trail.archive('2');
    expect(await trail.left()).toBe(0);
    expect(await trail.verify('2')).toMatchObject({ ok: true, acknowledged: [{ from: 0, to: 999, archive }] });
    expect(await trail.verify('2', 'elsewhere')).toMatchObject({
      brokenArchives: [
        { reason: expect.stringMatching(/go on behind record 999, where the trail went on without it$/) },
      ],
    });
  });

  it('does not vouch for what is left of it: its checkpoint does not come back', async () => {
    const archive = await stopArchiving('1');
    const before = await trail.database.selectFrom('audit_checkpoints').selectAll().executeTakeFirstOrThrow();
    await rm(trail.file('1'));
    await acknowledge([archive]);
    await trail.database.updateTable('audit_checkpoints').set(before).execute();
    await trail.database
      .deleteFrom('audit_records')
      .where('writer', '=', trail.writer)
      .where('sequence', '<=', before.sequence)
      .execute();
    const reason = `its checkpoint was put back: the archive ${archive} is lost`;
    expect(await trail.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ writer: trail.writer, sequence: before.sequence, reason }],
    });
  });

  it('does not vouch for what is left of it either where nothing is gone', async () => {
    const rows = await trail.database.selectFrom('audit_records').selectAll().execute();
    await trail.archive('1');
    await Promise.all(rows.map((row) => trail.database.insertInto('audit_records').values(row).execute()));
    const archive = await trail.archiveIn('1');
    const before = await trail.database.selectFrom('audit_checkpoints').selectAll().executeTakeFirstOrThrow();
    await rename(trail.file('1'), trail.file('elsewhere'));
    expect(await acknowledge([archive])).toMatchObject({ code: 0 });
    await expect(trail.archive('elsewhere')).rejects.toThrow('it is on record as lost');
    await trail.archive('2');
    expect(await trail.verify('2')).toMatchObject({ ok: true, acknowledged: [] });
    await trail.database.updateTable('audit_checkpoints').set(before).where('writer', '=', trail.writer).execute();
    const reason = `its checkpoint was put back: the archive ${archive} is lost`;
    expect(await trail.verify()).toMatchObject({ ok: false, brokenAt: [{ sequence: before.sequence, reason }] });
  });

  it('is not given up by what was found before more was deleted', async () => {
    const archive = await stopArchiving('1');
    const verification = await trail.store.audit.verify({ archives: [] });
    const [{ gaps = [], left = [] } = {}] = verification.ok ? [] : verification.brokenArchives;
    expect(left).toMatchObject([{ writer: trail.writer, sequence: 999 }]);
    await trail.archive('1');
    const giving = trail.store.audit.acknowledgeLost({ archive, gaps, left }, WHO);
    await expect(giving).rejects.toThrow('records were deleted meanwhile: run it again');
    expect(await trail.verify('1')).toMatchObject({ ok: true, acknowledged: [] });
  });

  it('takes nothing away that the database still has: all of it', async () => {
    await trail.archive('1');
    const rows = await trail.database.selectFrom('audit_records').selectAll().execute();
    await trail.append(2);
    const all = await trail.database
      .selectFrom('audit_records')
      .selectAll()
      .where('writer', '=', trail.writer)
      .execute();
    await trail.archive('2');
    const archive = await trail.archiveIn('2');
    const there = [...rows, ...all].map((row) => trail.database.insertInto('audit_records').values(row).execute());
    await Promise.all(there);
    await rm(trail.file('2'));
    await expect(trail.archive('3')).rejects.toThrow(archive);
    expect(await acknowledge([archive], ['1'])).toMatchObject({ code: 0 });
    expect(await trail.verify('1')).toMatchObject({ ok: true, acknowledged: [] });
    await trail.archive('3');
    expect(await trail.verify('1', '3')).toMatchObject({ ok: true, acknowledged: [] });
    expect((await trail.run('audit-verify-archive', { archives: [trail.file('1'), trail.file('3')] })).code).toBe(0);
  });

  it('is given up while another run deletes its records, which stops then', async () => {
    await Promise.all(Array.from({ length: 2_000 }, () => trail.store.audit.append({ type: 'e' })));
    const command = await trail.open();
    const giveUp = async (): Promise<void> => {
      const lost = { archive: await trail.archiveIn('1'), gaps: [], left: [await trail.placeBefore()] };
      await command.audit.acknowledgeLost(lost, WHO);
    };
    const progress = (step: string) => (step === 'deleted' ? giveUp() : undefined);
    const archiving = trail.store.audit.archive({ before: Date.now() + 60_000, out: trail.file('1'), progress });
    await expect(archiving).rejects.toThrow('another run has changed where the trail goes on');
    await command.close();
    expect(await trail.left()).toBeGreaterThan(0);
    expect(await trail.verify()).toMatchObject({ ok: true });
  });
});
