import { existsSync } from 'node:fs';
import { copyFile, link, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { openStore } from '../open-store.js';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();

describe.each(databases)('archives of an audit trail on $name', (kind) => {
  const trail = trailForEach(kind, 5);

  const LINES = 8;
  it.each<[string, (lines: string[]) => string[]]>([
    ['cut at its end', (lines) => lines.slice(0, -1)],
    ['cut in a line', (lines) => [...lines.slice(0, 3), lines[3]!.slice(0, 20)]],
    ['without its last record', (lines) => [...lines.slice(0, -2), lines.at(-1)!]],
    ['without a record', (lines) => lines.toSpliced(2, 1)],
    ['in another order', ([header, first, second, ...others]) => [header!, second!, first!, ...others]],
    ['changed in an event', (lines) => lines.with(3, lines[3]!.replace('"c1"', '"c2"'))],
    ['changed in a time', (lines) => lines.with(3, lines[3]!.replace('"at":"20', '"at":"19'))],
    ['changed in its first line', (lines) => lines.with(0, lines[0]!.replace('"before":"20', '"before":"19'))],
    ['changed in its seal', (lines) => lines.with(-1, lines.at(-1)!.replace('"seal":"', '"seal":"A'))],
    ['longer', (lines) => [...lines, lines[2]!]],
    ['empty', () => []],
    ['something else', () => ['{"type":"e"}']],
    ['without its chains', ([header]) => [header!.replace(/"segments":.*/, '"segments":[null]}')]],
  ])('is broken when an archive is %s', async (_name, change) => {
    await trail.archive('1');
    const lines = (await readFile(trail.file('1'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(LINES);
    await writeFile(
      trail.file('1'),
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    );
    const { brokenArchives } = (await trail.verify('1')) as { brokenArchives?: unknown[] };
    expect(brokenArchives?.[0]).toMatchObject({ archive: trail.file('1') });
    expect((await trail.verify('1')) as object).toMatchObject({ ok: false, brokenAt: [] });
    expect((await trail.run('audit-verify', { archives: [trail.file('1')] })).code).toBe(1);
  });

  it('is verified by its archives alone, with the key', async () => {
    for (const name of ['1', '2', '3']) {
      await trail.archive(name);
      await trail.append(2);
    }
    const alone = (names: readonly string[], encryptionKeys = trail.encryptionKeys) => {
      const archives = names.map((name) => trail.file(name));
      return trail.run('audit-verify-archive', { archives, encryptionKeys });
    };
    expect(await alone(['2', '1', '3'])).toMatchObject({
      code: 0,
      lines: [{}, {}, {}].map(() => expect.stringMatching(/^whole: /)),
    });
    expect(await alone(['2', '3'])).toMatchObject({ code: 0 });
    expect((await alone(['1', '3'])).lines.at(-1)).toMatch(
      /^broken archive .*3: .*, which it goes on behind, was not given$/,
    );
    expect((await alone(['1'], [Buffer.alloc(32, 2).toString('base64')])).lines).toEqual([
      expect.stringContaining('which is not given'),
    ]);
    await expect(alone([])).rejects.toThrow('the archive is missing');
    expect(await alone(['none'])).toMatchObject({ code: 1 });
  });

  it('is broken when an archive was not given, whichever it is', async () => {
    for (const name of ['1', '2', '3']) {
      await trail.archive(name);
      await trail.append(2);
    }
    expect(await trail.verify('1', '2', '3')).toMatchObject({ ok: true });
    for (const given of [['1', '2'], ['1', '3'], ['2', '3'], ['3']]) {
      const { lines } = await trail.run('audit-verify', { archives: given.map((name) => trail.file(name)) });
      expect(lines).toContainEqual(expect.stringContaining('it was not given, and the trail goes on behind it'));
    }
    expect(await trail.verify('1', '2', '3', 'none')).toMatchObject({
      brokenArchives: [{ archive: trail.file('none') }],
    });
  });

  it.each<[string, (from: string, to: string) => Promise<unknown>]>([
    ['by the same path', () => Promise.resolve()],
    ['by a link', symlink],
    ['by a hard link', link],
    ['as a copy', copyFile],
  ])('is not verified when an archive is given twice, %s', async (_name, make) => {
    await trail.archive('1');
    await make(trail.file('1'), trail.file('again'));
    const again = existsSync(trail.file('again')) ? 'again' : '1';
    for (const command of ['audit-verify', 'audit-verify-archive'] as const) {
      const archives = ['1', again].map((name) => trail.file(name));
      await expect(trail.run(command, { archives })).rejects.toThrow(
        `the archive is "${trail.file(again)}"; accepted: each archive once; ${trail.file('1')} is the same`,
      );
    }
  });

  it('is broken when an archive is of another trail', async () => {
    await trail.archive('1');
    const other = await openStore({ url: 'sqlite::memory:', encryptionKeys: trail.encryptionKeys, sweepInterval: 0 });
    await trail.append(2, other);
    await other.audit.archive({ before: Date.now() + 1000, out: trail.file('other') });
    await other.close();
    expect(await trail.verify('1', 'other')).toMatchObject({
      ok: false,
      brokenArchives: [{ archive: trail.file('other') }],
    });
  });
});
