import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { amountsRow, type Row } from '../outcome.ts';
import type { Stage } from '../processes.ts';
import type { Case } from './case.ts';

const run = promisify(execFile);
const LIBS = fileURLToPath(new URL('../../libs/', import.meta.url));
const SCOPE = '@onbehalf/';
const MEGABYTE = 1024 * 1024;
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--silent'];

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Packed {
  readonly tarball: string;
  readonly manifest: Manifest;
}

/** What npm keeps of an installation, by folder. */
type Installed = Readonly<Record<string, { readonly peer?: boolean }>>;

/** Each library alone, packed and installed in an empty folder, with what it depends on and the peers that it asks for. */
export const install: Case = {
  name: 'install',
  run: async (stage, { name }) => {
    if (name !== 'full') return { leftOut: 'it takes npm, and is part of the full run only' };
    const packed = await packAll(stage);
    const rows: Row[] = [];
    for (const library of packed.keys()) {
      rows.push(await installed(stage, library, packed));
      process.stderr.write('.');
    }
    const note = 'Peers are Nest, jose and what these need; npm installs from its cache what it has there.';
    return { title: 'Each library alone', note, rows };
  },
};

async function packAll(stage: Stage): Promise<ReadonlyMap<string, Packed>> {
  const packed = new Map<string, Packed>();
  for (const folder of readdirSync(LIBS)) {
    const manifest = JSON.parse(readFileSync(join(LIBS, folder, 'package.json'), 'utf8')) as Manifest;
    if (manifest.private) continue;
    const destination = stage.path('pack');
    mkdirSync(destination);
    await npm(join(LIBS, folder), ['pack', '--ignore-scripts', '--silent', '--pack-destination', destination]);
    packed.set(manifest.name, { tarball: join(destination, readdirSync(destination)[0]!), manifest });
  }
  return packed;
}

async function installed(stage: Stage, library: string, packed: ReadonlyMap<string, Packed>): Promise<Row> {
  const folder = stage.path('install');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const tarballs = withOwn(library, packed).map((name) => packed.get(name)!.tarball);
  const started = performance.now();
  await npm(folder, [...INSTALL, ...tarballs]);
  const seconds = (performance.now() - started) / 1000;
  const lock = readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8');
  const packages = Object.entries((JSON.parse(lock) as { packages: Installed }).packages);
  const sizes = packages.map(([path, { peer = false }]) => ({ peer, bytes: sizeOf(join(folder, path)) }));
  return amountsRow(library, {
    'kB packed': statSync(packed.get(library)!.tarball).size / 1024,
    'MB installed': megabytes(sizes.filter(({ peer }) => !peer)),
    'MB with peers': megabytes(sizes),
    [`package${sizes.length === 1 ? '' : 's'} with peers`]: sizes.length,
    's to install': seconds,
  });
}

/** The library and those of this repository that it depends on. */
function withOwn(library: string, packed: ReadonlyMap<string, Packed>): string[] {
  const found = new Set([library]);
  for (const name of found) {
    const dependencies = Object.keys(packed.get(name)?.manifest.dependencies ?? {});
    for (const dependency of dependencies) if (dependency.startsWith(SCOPE)) found.add(dependency);
  }
  return [...found];
}

async function npm(folder: string, args: readonly string[]): Promise<void> {
  try {
    await run('npm', args, { cwd: folder });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`npm ${args[0]} failed: ${(stderr ?? '').trim().slice(-500)}`, { cause: error });
  }
}

function megabytes(sizes: readonly { readonly bytes: number }[]): number {
  return sizes.reduce((sum, { bytes }) => sum + bytes, 0) / MEGABYTE;
}

/** Bytes of the files of one package, without those of packages inside it, which count for themselves. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? sizeOf(path) : entry.isFile() ? statSync(path).size : 0;
    })
    .reduce((sum, size) => sum + size, 0);
}
