import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { valueOrFile } from './value-from-file.js';

const folder = mkdtempSync(join(tmpdir(), 'onbehalf-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a setting may stand in a file, which NAME_FILE names', () => {
  const secret = file('secret', 'of the file\n');

  it.each([
    ['the value', { NAME: 'given' }, 'given'],
    ['the file without its line end', { NAME_FILE: secret }, 'of the file'],
    ['the file where the value is empty', { NAME: ' ', NAME_FILE: secret }, 'of the file'],
    ['the value where the file is empty', { NAME: 'given', NAME_FILE: '' }, 'given'],
    ['a file with the line end of Windows', { NAME_FILE: file('windows', 'one\r\n') }, 'one'],
    ['every line but the last line end', { NAME_FILE: file('lines', 'one\n two \n\n') }, 'one\n two \n'],
    ['a long file', { NAME_FILE: file('long', 'x'.repeat(2 ** 20)) }, 'x'.repeat(2 ** 20)],
    ['nothing where neither is given', {}, undefined],
  ])('takes %s', (_what, environment, expected) => {
    expect(valueOrFile('NAME', environment)).toBe(expected);
  });

  it.each([
    ['both', { NAME: 'given', NAME_FILE: secret }, 'accepted: either NAME or NAME_FILE, not both'],
    ['a file that is missing', { NAME_FILE: join(folder, 'none') }, 'accepted: a text file that can be read (ENOENT)'],
    ['a folder', { NAME_FILE: folder }, 'accepted: a text file that can be read (EISDIR)'],
    ['a file that is too long', { NAME_FILE: file('longer', 'x'.repeat(2 ** 20 + 1)) }, 'can be read (EFBIG)'],
    ['a file that never ends', { NAME_FILE: '/dev/zero' }, 'accepted: a text file that can be read (EFBIG)'],
    ['an empty file', { NAME_FILE: file('empty', '\n') }, 'accepted: a file that is not empty'],
    ['bytes', { NAME_FILE: file('bytes', Buffer.from([0xff, 0xfe])) }, 'accepted: a text file that can be read ('],
  ])('refuses %s and shows nothing of what is in it', (_what, environment, accepted) => {
    expect(() => valueOrFile('NAME', environment)).toThrow(accepted);
    expect(() => valueOrFile('NAME', environment)).toThrow(/^NAME_FILE is "/);
    expect(() => valueOrFile('NAME', environment)).not.toThrow('of the file');
  });
});
