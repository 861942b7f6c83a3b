import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeBlocks, compareReadme } from './readme-examples.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('the examples of a README', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'readme-examples-'));
    mkdirSync(join(folder, 'src'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const compare = (readme: string, source: string, signatures?: string[]) => {
    writeFileSync(join(folder, 'README.md'), readme);
    const spec = join(folder, 'src/readme.spec.ts');
    writeFileSync(spec, source);
    return compareReadme(pathToFileURL(spec).href, signatures);
  };
  const region = '  // #region sum\n  const sum =\n    1 + 1;\n  // #endregion\n';

  it('are those of the spec, without their indentation', () => {
    expect(compare('```ts\nconst sum =\n  1 + 1;\n```\n', region)).toEqual({ notQuoted: [], notTested: [] });
  });

  it('that the spec has in other words are told, on both sides', () => {
    expect(compare('```ts\nconst sum =\n  1 + 2;\n```\n', region)).toEqual({
      notQuoted: ['sum'],
      notTested: ['const sum ='],
    });
  });

  it('are tested one and all, except for signatures', () => {
    const readme = '```sh\nls\n```\n\n```ts\nsum(): number;\n```\n';
    expect(compare(readme, '')).toEqual({ notQuoted: [], notTested: ['sum(): number;'] });
    expect(compare(readme, '', ['sum(): number;'])).toEqual({ notQuoted: [], notTested: [] });
  });
});

describe('every library', () => {
  const readmes = globSync(['libs/*/README.md', 'libs/features/*/README.md'], { cwd: root });

  it.each(readmes)('%s: its examples have a spec', (path) => {
    const examples = codeBlocks(readFileSync(join(root, path), 'utf8'), ['ts', 'tsx', 'yaml']);
    const specs = ['ts', 'tsx'].map((ending) => join(root, dirname(path), `src/readme.spec.${ending}`));
    expect(examples.length === 0 || specs.some((spec) => existsSync(spec))).toBe(true);
  });
});
