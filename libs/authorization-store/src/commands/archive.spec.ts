import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';

import { trailForEach } from '../verification/audit-trail.fixture.js';

const databases = await testDatabases();

describe.each(databases)('audit-archive on $name', (kind) => {
  const trail = trailForEach(kind, 5);

  it('tells what it would do, does it, and says so', async () => {
    const before = new Date(Date.now() + 1).toISOString();
    while (Date.now() < Date.parse(before));
    expect(await trail.run('audit-archive', { before, dryRun: true })).toEqual({
      code: 1,
      lines: ['would be archived: 6 records of 1 chain'],
    });
    const out = trail.file('1');
    const told: string[] = [];
    expect(await trail.run('audit-archive', { before, out, progress: (line) => told.push(line) })).toEqual({
      code: 0,
      lines: [`archived 6 records of 1 chain in ${out}`, 'deleted 6 records from the database'],
    });
    expect(told).toContain('written 6 of 6 records');
    expect(await trail.run('audit-archive', { before, out })).toMatchObject({ code: 0 });
    expect(await trail.run('audit-archive', { before, out: trail.file('2') })).toMatchObject({
      code: 0,
      lines: ['there is nothing to archive', expect.anything()],
    });
    expect(existsSync(trail.file('2'))).toBe(false);
  });

  it('does not say that all is done when the file is an archive of earlier', async () => {
    await trail.archive('1');
    await trail.append(1);
    const before = new Date(Date.now() + 1).toISOString();
    while (Date.now() < Date.parse(before));
    await expect(trail.run('audit-archive', { before, out: trail.file('1') })).rejects.toThrow(
      'there are newer records to archive',
    );
  });

  it('takes no FIFO for an archive that was begun, and does not wait for it', async () => {
    execFileSync('mkfifo', [trail.file('fifo')]);
    const options = { before: new Date().toISOString(), out: trail.file('fifo') };
    await expect(trail.run('audit-archive', options)).rejects.toThrow(
      'the archive of a run that was stopped; it is none',
    );
  });

  it('does not archive what is broken', async () => {
    await trail.database.updateTable('audit_records').set({ at: 1 }).where('sequence', '=', 3).execute();
    const { code, lines } = await trail.run('audit-archive', { before: '2020-01-01', out: trail.file('1') });
    expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringContaining('the trail is broken')] });
  });

  it.each([
    [{}, '--before'],
    [{ before: 'yesterday' }, '--before'],
    [{ before: '2020-13-01' }, '--before'],
    [{ before: '2020-02-31' }, '--before'],
    [{ before: '2020-02-30T12:00:00Z' }, '--before'],
    [{ before: '2020-01-01T10:00' }, '--before'],
    [{ before: '2999-01-01' }, '--before is "2999-01-01"; accepted: a date'],
    [{ before: '2020-01-01' }, '--out'],
    [{ before: new Date().toISOString(), retention: 1 }, 'because AUDIT_RETENTION is 1'],
  ])('refuses %j', async (options, message) => {
    await expect(trail.run('audit-archive', options)).rejects.toThrow(message);
  });

  it('archives what is older than the retention', async () => {
    expect(await trail.run('audit-archive', { retention: 1, dryRun: true })).toMatchObject({ code: 0 });
    await trail.database.updateTable('audit_records').set({ at: 1 }).execute();
    expect(await trail.run('audit-archive', { retention: 1, dryRun: true })).toMatchObject({ code: 1 });
  });
});
