import { existsSync } from 'node:fs';
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import { trailForEach } from '../verification/audit-trail.fixture.js';

const databases = await testDatabases();

describe.each(databases)('a run of audit-archive that was stopped on $name', (kind) => {
  const trail = trailForEach(kind, 5);

  const STOP = {
    SQLite: `create trigger stop before insert on audit_checkpoints begin select raise(abort, 'stopped'); end`,
    PostgreSQL: `alter table audit_checkpoints add constraint stop check (sequence < 0)`,
  }[kind.name];
  const GO_ON = {
    SQLite: `drop trigger stop`,
    PostgreSQL: `alter table audit_checkpoints drop constraint stop`,
  }[kind.name];

  it('before the chains went on behind it, goes on with the same file', async () => {
    await writeFile(trail.file('1.part'), 'half of an arch');
    await sql.raw(STOP).execute(trail.database);
    await expect(trail.archive('1')).rejects.toThrow();
    expect(existsSync(trail.file('1.part'))).toBe(false);
    expect(await trail.left()).toBe(6);
    expect(await trail.verify()).toMatchObject({ ok: true, records: 6 });
    await sql.raw(GO_ON).execute(trail.database);
    const written = await readFile(trail.file('1'));
    await trail.append(2);
    await trail.archive('1');
    expect(await readFile(trail.file('1'))).toEqual(written);
    expect(await trail.left()).toBe(2);
    expect(await trail.verify('1')).toMatchObject({ ok: true });
  });

  it('while it deleted, is whole, and goes on', async () => {
    const rest = Array.from({ length: 2500 }, () => trail.store.audit.append({ type: 'e' }));
    await Promise.all(rest);
    const progress = (step: string) => {
      if (step === 'deleted') throw new Error('stopped');
    };
    const options = { before: Date.now() + 60_000, out: trail.file('1'), progress };
    await expect(trail.store.audit.archive(options)).rejects.toThrow('stopped');
    expect(await trail.left()).toBe(1507);
    expect(await trail.verify()).toMatchObject({ ok: true });
    expect(await trail.verify('1')).toMatchObject({ ok: true });
    await trail.database.deleteFrom('audit_records').where('sequence', '=', 1800).execute();
    expect(await trail.verify()).toMatchObject({ ok: false });
    await trail.archive('1');
    expect(await trail.left()).toBe(1);
    expect(await trail.verify('1')).toMatchObject({ ok: true });
  });

  it('while it deleted, deletes nothing more without the file that it is in', async () => {
    const progress = (step: string) => {
      if (step === 'deleted') throw new Error('stopped');
    };
    await Promise.all(Array.from({ length: 1500 }, () => trail.store.audit.append({ type: 'e' })));
    const options = { before: Date.now() + 60_000, out: trail.file('1'), progress };
    await expect(trail.store.audit.archive(options)).rejects.toThrow('stopped');
    const rest = await trail.left();
    expect(rest).toBeGreaterThan(1);
    await expect(trail.archive('2')).rejects.toThrow('whose records are not all deleted yet');
    await rename(trail.file('1'), trail.file('elsewhere'));
    await expect(trail.archive('1')).rejects.toThrow('whose records are not all deleted yet');
    await writeFile(trail.file('1'), (await readFile(trail.file('elsewhere'), 'utf8')).replace('"c1"', '"c2"'));
    await expect(trail.archive('1')).rejects.toThrow('does not match its hash');
    expect(await trail.left()).toBe(rest);
    await trail.archive('elsewhere');
    expect(await trail.verify('elsewhere')).toMatchObject({ ok: true });
  });

  it('or still runs, cannot change the archive of another one', async () => {
    const other = await open(trail.file('1.part'), 'w', 0o644);
    await trail.archive('1');
    await other.write('written by another run');
    await other.close();
    expect((await stat(trail.file('1'))).mode & 0o777).toBe(0o600);
    expect(await trail.verify('1')).toMatchObject({ ok: true });
  });

  it('does not take an archive that lacks what nobody has acknowledged', async () => {
    await trail.database.deleteFrom('audit_records').where('sequence', '=', 3).execute();
    await expect(trail.archive('1')).rejects.toThrow('nobody has acknowledged');
    expect(await trail.left()).toBe(5);
    expect(await trail.database.selectFrom('audit_checkpoints').selectAll().execute()).toEqual([]);
  });

  it('does not take a file that is another one', async () => {
    await writeFile(trail.file('1'), 'mine');
    await expect(trail.archive('1')).rejects.toThrow('it is no archive of an audit trail');
    expect(await readFile(trail.file('1'), 'utf8')).toBe('mine');
    await trail.archive('2');
    await trail.append(1);
    await trail.database.deleteFrom('audit_checkpoints').execute();
    await expect(trail.archive('2')).rejects.toThrow('its records are not those that this trail has next');
    await expect(trail.archive('none/1')).rejects.toThrow('ENOENT');
  });
});
