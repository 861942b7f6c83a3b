import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';

import { trailForEach } from '../verification/audit-trail.fixture.js';

const databases = await testDatabases();

describe.each(databases)('an audit trail that is archived on $name', (kind) => {
  const trail = trailForEach(kind, 5);

  it('is verified without what was archived, and with it as one', async () => {
    await trail.archive('1');
    expect(await trail.left()).toBe(0);
    expect(await trail.verify()).toMatchObject({ ok: true, writers: 2, records: 2 });
    await trail.append(3);
    expect(await trail.verify()).toMatchObject({ ok: true, records: 5 });
    expect(await trail.verify('1')).toMatchObject({ ok: true, writers: 2, records: 11 });
    await trail.archive('2');
    await trail.append(1);
    expect(await trail.verify('2', '1')).toMatchObject({ ok: true, writers: 3, records: 14 });
    expect(await trail.verify()).toMatchObject({ ok: true, records: 3 });
  });

  it('stands in the file as it stood in the trail', async () => {
    await trail.store.audit.append({ type: 'e', subject: 'Zoë "\u2028\n,"event":' });
    const exported: unknown[] = [];
    for await (const record of trail.store.audit.export()) exported.push(record);
    await trail.archive('1');
    const [header, ...lines] = (await readFile(trail.file('1'), 'utf8')).trimEnd().split('\n');
    expect(JSON.parse(header!)).toMatchObject({
      format: 'onbehalf-audit-archive/1',
      segments: [{ writer: trail.writer, from: 0 }],
    });
    expect(lines.slice(0, -1).map((line) => JSON.parse(line) as unknown)).toEqual(exported);
    const { records } = await trail.store.audit.query({ type: 'audit_archived' });
    expect(records).toMatchObject([{ event: { file: '1', count: exported.length, chains: 1 } }]);
  });

  it('says until when it is archived, also when the record that tells it is archived itself', async () => {
    expect(await trail.store.audit.archivedBefore()).toBeUndefined();
    const told: (Date | undefined)[] = [];
    for (const name of ['1', '2']) {
      const begun = Date.now();
      await trail.archive(name);
      told.push(await trail.store.audit.archivedBefore());
      expect(told.at(-1)!.getTime()).toBeGreaterThan(begun);
    }
    expect(told[1]! > told[0]!).toBe(true);
  });

  it('keeps what has not been forwarded', async () => {
    await trail.database
      .insertInto('audit_forwarding')
      .values({ writer: trail.writer, sequence: 2, held_by: '', held_until: 0 })
      .execute();
    await trail.archive('1');
    expect(await trail.left()).toBe(3);
    await trail.database.updateTable('audit_forwarding').set({ sequence: -1 }).execute();
    await trail.reopen();
    expect(await trail.verify('1')).toMatchObject({ ok: true });
  });

  it('keeps acknowledgements, and tells of gaps that were archived', async () => {
    const options = { by: 'anna', reason: 'a restore' };
    await trail.database.deleteFrom('audit_records').where('sequence', 'in', [2, 3]).execute();
    expect(await trail.run('audit-acknowledge-gap', options)).toMatchObject({ code: 0 });
    await trail.archive('1');
    await trail.append(1);
    expect(await trail.verify()).toMatchObject({ ok: true, acknowledged: [] });
    expect(await trail.verify('1')).toMatchObject({ ok: true, acknowledged: [{ from: 2, to: 3, by: 'anna' }] });
    expect((await trail.store.audit.query({ type: 'audit_gap_acknowledged' })).records).toHaveLength(1);
    expect((await trail.run('audit-archive', { before: new Date().toISOString(), dryRun: true })).lines).toHaveLength(
      1,
    );
  });

  it('goes over to another key, and vouches for archives whose key is gone', async () => {
    await trail.archive('1');
    const next = Buffer.alloc(32, 2).toString('base64');
    await trail.reopen([next, ...trail.encryptionKeys]);
    expect(await trail.store.reencrypt()).toBeGreaterThan(0);
    await trail.reopen([next]);
    await trail.append(1);
    expect(await trail.verify('1')).toMatchObject({ ok: true });
    const lines = (await readFile(trail.file('1'), 'utf8')).split('\n');
    await writeFile(trail.file('1'), lines.with(3, lines[3]!.replace('"c1"', '"c2"')).join('\n'));
    expect(await trail.verify('1')).toMatchObject({ ok: false });
  });

  it('is archived and verified while a server writes', async () => {
    let appending = true;
    const writing = (async () => {
      while (appending) await Promise.all(Array.from({ length: 20 }, () => trail.append(1)));
    })();
    const verifying = (async () => {
      while (appending) expect(await trail.verify()).toMatchObject({ ok: true });
    })();
    for (const name of ['1', '2', '3']) await trail.archive(name);
    appending = false;
    await Promise.all([writing, verifying]);
    expect(await trail.verify('1', '2', '3')).toMatchObject({ ok: true });
  }, 30_000);
});
