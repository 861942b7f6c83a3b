import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readAssertion } from './assertion-file.js';

describe('a client assertion in a file', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'assertion-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is read with or without the end of its line', () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'a.b.c');
    expect(readAssertion(file)).toBe('a.b.c');
    writeFileSync(file, 'a.b.d\n');
    expect(readAssertion(file)).toBe('a.b.d');
  });

  it('is the new one once Kubernetes has put another folder behind the link', () => {
    const [data, next] = [join(folder, '..data'), join(folder, '..data_tmp')];
    const put = (version: string, link: string): void => {
      writeFileSync(join(folder, version), `a.${version}.c`);
      symlinkSync(version, link);
    };
    put('1', data);
    expect(readAssertion(data)).toBe('a.1.c');
    put('2', next);
    renameSync(next, data);
    expect(readAssertion(data)).toBe('a.2.c');
  });

  it.each([
    ['nothing', ''],
    ['no JWT', 'secret'],
    ['two JWTs', 'a.b.c\na.b.c'],
    ['what is too long', `a.${'b'.repeat(8192)}.c`],
  ])('is refused with %s, which is not told', (_, content) => {
    const file = join(folder, 'token');
    writeFileSync(file, content);
    expect(() => readAssertion(file)).toThrow(`The client assertion in ${file} cannot be used: it is no JWT`);
  });

  it('is told by its file where there is none', () => {
    const file = join(folder, 'token');
    expect(() => readAssertion(file)).toThrow(`The client assertion in ${file} cannot be used: ENOENT`);
    expect(() => readAssertion(folder)).toThrow('EISDIR');
    expect(() => readAssertion('/dev/zero')).toThrow('cannot be used: EFBIG');
  });
});
