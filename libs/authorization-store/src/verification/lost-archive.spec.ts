import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AcknowledgeOptions } from '../commands/acknowledge-gap.js';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();
const WHO = { by: 'anna', reason: 'the disk of the archives broke' };

describe.each(databases)('an archive that is lost on $name', (kind) => {
  const trail = trailForEach(kind, 5);
  const files = (...names: readonly string[]) => names.map((name) => trail.file(name));
  const acknowledge = (options: AcknowledgeOptions) => trail.run('audit-acknowledge-gap', { ...WHO, ...options });
  /** By file. */
  let archives: Record<string, string>;

  beforeEach(async () => {
    archives = {};
    for (const name of ['1', '2', '3']) {
      await trail.archive(name);
      archives[name] = await trail.archiveIn(name);
      await trail.append(2);
    }
  });

  it.each([
    { lost: '1', others: ['2', '3'], from: 0, to: 5 },
    { lost: '2', others: ['1', '3'], from: 6, to: 7 },
    { lost: '3', others: ['1', '2'], from: 8, to: 9 },
  ])('is acknowledged by its name, with what is gone ($lost)', async ({ lost, others, from, to }) => {
    await rm(trail.file(lost));
    const archive = archives[lost]!;
    expect(await trail.verify(...others)).toMatchObject({
      ok: false,
      brokenAt: [],
      brokenArchives: [{ archive, reason: 'it was not given, and the trail goes on behind it' }],
    });
    const done = await acknowledge({ only: [archive], archives: files(...others) });
    expect(done).toMatchObject({ code: 0 });
    expect(done.lines).toContainEqual(
      expect.stringMatching(
        new RegExp(
          `^acknowledged .*: records ${from} to ${to} of the chain are gone with the archive ${archive}, says anna`,
        ),
      ),
    );
    const gap = { writer: trail.writer, archive, from, to, ...WHO };
    const acknowledged = expect.arrayContaining([expect.objectContaining(gap)]);
    expect(await trail.verify(...others)).toMatchObject({ ok: true, acknowledged });
    expect(await trail.verify()).toMatchObject({ ok: true, acknowledged });
    const { records } = await trail.store.audit.query({ type: 'audit_archive_lost' });
    expect(records).toMatchObject([{ event: { archive, operator: 'anna', statedReason: WHO.reason } }]);
  });

  it('is not acknowledged unless it is named: one that was only not given looks the same', async () => {
    const { code, lines } = await acknowledge({ archives: files('1', '3') });
    expect({ code, lines }).toMatchObject({ code: 1 });
    expect(lines[0]).toMatch(`is acknowledged when it is named: ${archives['2']}: it was not given`);
    expect(await trail.verify('1', '3')).toMatchObject({ ok: false, acknowledged: [] });
  });

  it('is acknowledged when no other one is at hand, by the names that the chains go back to', async () => {
    for (const name of ['1', '2', '3']) await rm(trail.file(name));
    const only = ['3', '2'].map((name) => archives[name]!);
    const dry = await acknowledge({ only, dryRun: true });
    expect(dry).toMatchObject({ code: 1 });
    expect(dry.lines).toContainEqual(
      expect.stringContaining(`${trail.writer}/0-9: records 0 to 9, from its beginning;`),
    );
    expect(await acknowledge({ only: only.slice(0, 1) })).toMatchObject({ code: 1 });
    expect(await acknowledge({ only: only.slice(1) })).toMatchObject({ code: 0 });
    await trail.archive('4');
    expect(await trail.verify('4')).toMatchObject({ ok: true });
  });

  it('needs no acknowledgement when it is found again', async () => {
    await rename(trail.file('2'), trail.file('elsewhere'));
    await acknowledge({ only: [archives['2']!], archives: files('1', '3') });
    expect(await trail.verify('1', 'elsewhere', '3')).toMatchObject({ ok: true, acknowledged: [] });
  });

  it.each<[string, () => Promise<unknown>]>([
    ['another one is lost, too', () => rm(trail.file('1')).then(() => rename(trail.file('3'), trail.file('1')))],
    [
      'another one was changed',
      async () => writeFile(trail.file('1'), (await readFile(trail.file('1'), 'utf8')).replace('"c1"', '"c2"')),
    ],
    ['the checkpoint was moved', () => trail.database.updateTable('audit_checkpoints').set({ sequence: 8 }).execute()],
    ['a record of the database is gone', () => trail.lose(10, 10)],
    [
      'the acknowledgement was changed',
      () =>
        trail.database
          .updateTable('audit_records')
          .set({ at: 1 })
          .where('type', '=', 'audit_gap_acknowledged')
          .execute(),
    ],
  ])('excuses nothing else: %s', async (_name, change) => {
    await rm(trail.file('2'));
    await acknowledge({ only: [archives['2']!], archives: files('1', '3') });
    expect(await trail.verify('1', '3')).toMatchObject({ ok: true });
    await change();
    expect(await trail.verify('1', '3')).toMatchObject({ ok: false });
  });

  it('excuses no gap of the database between the same two records', async () => {
    await rm(trail.file('1'));
    await acknowledge({ only: [archives['1']!], archives: files('2', '3') });
    await trail.database.deleteFrom('audit_checkpoints').where('writer', '=', trail.writer).execute();
    expect(await trail.verify()).toMatchObject({ ok: false });
  });

  it('excuses no head that nobody had seen of it when it was acknowledged', async () => {
    await rm(trail.file('2'));
    const head = { writer: trail.writer, sequence: 6, hash: 'seen' };
    const last = { ...head, sequence: 7 };
    const check = (...heads: (typeof head)[]) => trail.store.audit.verify({ heads, archives: files('1', '3') });
    await acknowledge({ only: [archives['2']!], archives: files('1', '3'), heads: [head] });
    expect(await check(head)).toMatchObject({ ok: true });
    expect(await check(head, { ...head, hash: 'other' })).toMatchObject({ ok: false, brokenAt: [{ sequence: 6 }] });
    expect(await check(last)).toMatchObject({ ok: false, brokenAt: [{ sequence: 7 }] });
  });

  it.each([
    ['its name', '2'],
    ['a name that is none', 'none'],
  ])('that is there is none: %s is refused', async (_what, name) => {
    const only = [archives[name] ?? name];
    await expect(acknowledge({ only, archives: files('1', '2', '3') })).rejects.toThrow(`the gap is "${only[0]}"`);
    await rm(trail.file('3'));
    await expect(acknowledge({ only, archives: files('1', '2') })).rejects.toThrow(`accepted: ${archives['3']}`);
  });

  it('is not acknowledged when nothing vouches for the one before it', async () => {
    await rm(trail.file('2'));
    const [next] = [Buffer.alloc(32, 2).toString('base64')];
    await trail.reopen([next, ...trail.encryptionKeys]);
    await trail.store.reencrypt();
    const options = { only: [archives['2']!], encryptionKeys: [next] };
    await expect(acknowledge({ ...options, archives: files('1', '3') })).rejects.toThrow('accepted: none');
    await rm(trail.file('1'));
    expect(await acknowledge({ ...options, archives: files('3') })).toMatchObject({ code: 0 });
  });

  it('is not acknowledged by what a broken archive says of it', async () => {
    await rm(trail.file('2'));
    const text = await readFile(trail.file('3'), 'utf8');
    await writeFile(trail.file('3'), text.replace('"from":8', '"from":9'));
    const only = [archives['2']!];
    await expect(acknowledge({ only, archives: files('1', '3') })).rejects.toThrow('accepted: none');
  });

  it('cannot be named by a checkpoint that was changed', async () => {
    await rm(trail.file('3'));
    await trail.database
      .updateTable('audit_checkpoints')
      .set({ hash: 'forged' })
      .where('writer', '=', trail.writer)
      .execute();
    const only = [archives['3']!];
    await expect(acknowledge({ only, archives: files('1', '2') })).rejects.toThrow('accepted: none');
  });

  it('does not hang verification with records that end before they begin', async () => {
    const { sequence, hash } = await trail.database
      .selectFrom('audit_checkpoints')
      .selectAll()
      .where('writer', '=', trail.writer)
      .executeTakeFirstOrThrow();
    const archive = archives['3']!;
    const segment = {
      writer: trail.writer,
      from: sequence + 1,
      to: sequence,
      after: hash,
      head: hash,
      previous: archive,
    };
    const header = { format: 'onbehalf-audit-archive/1', archive, before: '', segments: [segment] };
    await writeFile(trail.file('3'), `${JSON.stringify(header)}\n`);
    expect(await trail.verify('1', '2', '3')).toMatchObject({ ok: false });
  });
});
