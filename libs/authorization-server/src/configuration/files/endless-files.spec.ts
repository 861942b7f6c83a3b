import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readLogo } from '../../pages/brand/logo.js';
import { readLanguages } from '../../pages/languages/read-languages.js';
import { readYaml } from './read-yaml.js';

const ENDLESS = '/dev/zero';

describe('a file that never ends is refused before it has filled the memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'onbehalf-endless-'));
  symlinkSync(ENDLESS, join(folder, 'fr.yaml'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['configuration', () => readYaml(ENDLESS, 'auth.yaml', 'AUTH_SERVER_CONFIG'), 'AUTH_SERVER_CONFIG'],
    ['logo', () => readLogo(ENDLESS), 'pages.logo'],
    ['language', () => readLanguages(folder), 'pages.languages: fr.yaml'],
  ])('as %s', (_, read, setting) => {
    expect(read).toThrow(setting);
    expect(read).toThrow('EFBIG');
  });
});
