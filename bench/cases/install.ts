import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { valueRow, type Row } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import type { Case } from './case.ts';

const LIBS = fileURLToPath(new URL('../../libs/', import.meta.url));
const SCOPE = '@onbehalf/';
const MEGABYTE = 1024 * 1024;

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Each library alone, packed and installed in an empty folder: with its dependencies, and with the peers that it asks for. */
export const install: Case = {
  name: 'install',
  run: (stage, { name }) => {
    if (name !== 'full') return Promise.resolve(undefined);
    const packed = pack(stage);
    const rows = [...packed.keys()].flatMap((library) => installed(stage, library, packed));
    const note = 'With all peers (Nest, jose …); packages come from the cache of npm where it has them.';
    return Promise.resolve({ title: 'Each library alone', rows, note });
  },
};

function pack(stage: Stage): Map<string, { readonly tarball: string; readonly manifest: Manifest }> {
  const packed = new Map<string, { tarball: string; manifest: Manifest }>();
  for (const folder of readdirSync(LIBS)) {
    const manifest = JSON.parse(readFileSync(join(LIBS, folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.private) continue;
    const destination = stage.path('pack');
    mkdirSync(destination);
    execFileSync('npm', ['pack', '--silent', '--pack-destination', destination], {
      cwd: join(LIBS, folder),
      stdio: 'ignore',
    });
    packed.set(manifest.name, { tarball: join(destination, readdirSync(destination)[0]!), manifest });
  }
  return packed;
}

function installed(stage: Stage, library: string, packed: ReturnType<typeof pack>): Row[] {
  const folder = stage.path('install');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const tarballs = withOwn(library, packed).map((name) => packed.get(name)!.tarball);
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--silent', '--ignore-scripts'];
  const started = performance.now();
  execFileSync('npm', ['install', ...flags, ...tarballs], { cwd: folder, stdio: 'ignore' });
  const seconds = (performance.now() - started) / 1000;
  return [
    valueRow(`${library}, packed`, [statSync(packed.get(library)!.tarball).size / 1024], 'kB'),
    valueRow(`${library}, installed with its peers`, [sizeOf(join(folder, 'node_modules')) / MEGABYTE], 'MB'),
    valueRow(`${library}, time to install`, [seconds], 's'),
  ];
}

/** The library and those of this repository that it depends on. */
function withOwn(library: string, packed: ReturnType<typeof pack>): string[] {
  const found = new Set([library]);
  for (const name of found) {
    const dependencies = Object.keys(packed.get(name)?.manifest.dependencies ?? {});
    for (const dependency of dependencies) if (dependency.startsWith(SCOPE)) found.add(dependency);
  }
  return [...found];
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
