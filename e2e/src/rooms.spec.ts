import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';

const workspace = fileURLToPath(new URL('../..', import.meta.url));
const planted: string[] = [];

afterAll(() => planted.forEach((folder) => rmSync(folder, { recursive: true })));

describe('the check of the arrows, as npm run lint runs it', () => {
  it('passes files that need each other one way', () => {
    expect(check({ 'upper/one.ts': use('../lower/two.js'), 'lower/two.ts': 'export type X = 1;' })).toMatch(/^0\s/);
  });

  it('fails on two files that need each other, if only for their types', () => {
    expect(check({ 'one.ts': use('./two.js'), 'two.ts': use('./one.js') })).toMatch(/^[1-9][^]*error no-cycle:/);
  });

  it('fails on two folders that need each other, though no file does', () => {
    const files = {
      'upper/one.ts': use('../lower/two.js'),
      'lower/two.ts': 'export type X = 1;',
      'lower/three.ts': use('../upper/four.js'),
      'upper/four.ts': 'export type X = 1;',
    };
    expect(check(files)).toMatch(/^[1-9][^]*error no-cycle-between-rooms:/);
  });

  it('is part of npm run lint', async () => {
    const { default: manifest } = (await import('../../package.json', { with: { type: 'json' } })) as Manifest;
    expect(manifest.scripts.lint).toMatch(/&& depcruise --config \.dependency-cruiser\.mjs libs apps /);
  });
});

interface Manifest {
  readonly default: { readonly scripts: { readonly lint: string } };
}

function use(file: string): string {
  return `import type { X } from '${file}';\nexport type Y = X;\n`;
}

/** The exit code and the words of the check about these files. */
function check(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(workspace, 'e2e', 'planted-'));
  planted.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const { status, stdout, stderr } = spawnSync(
    'node_modules/.bin/depcruise',
    ['--config', '.dependency-cruiser.mjs', folder.slice(workspace.length)],
    { cwd: workspace, encoding: 'utf8' },
  );
  return `${String(status)} ${stdout}${stderr}`;
}
