import { execFile } from 'node:child_process';
import {
  appendFileSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packLibraries, run } from './packed-application.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BINARIES = join(root, 'node_modules/.bin');
const MINUTES = 60_000;

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly repository?: unknown;
  readonly [member: string]: unknown;
}

const read = (path: string): Manifest => JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest;
const published = globSync(['libs/*/package.json', 'libs/features/*/package.json'], { cwd: root })
  .filter((path) => !read(path).private)
  .map((path): [string, string] => [read(path).name, dirname(path)]);

let scratch: string;
let tarballs: Readonly<Record<string, string>>;
/** What `attw` says of each, when it has a complaint. */
let wrongTypes: Readonly<Record<string, string>>;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'onbehalf-published-'));
  const folders = published.map(([, folder]) => folder.slice('libs/'.length));
  mkdirSync(join(scratch, 'tarballs'));
  tarballs = packLibraries(folders, join(scratch, 'tarballs'));
  wrongTypes = await checkTypes(Object.entries(tarballs));
}, 3 * MINUTES);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/**
 * Runs `attw`, two at a time. One rule does not hold here on purpose: the libraries are ES modules alone, which CommonJS gets by
 * `require` since Node.js 22.12, and engines demand more than that. e2e/applications/nest-11-commonjs does so.
 */
async function checkTypes(packed: [string, string][]): Promise<Record<string, string>> {
  const complaints: Record<string, string> = {};
  const rest = [...packed];
  const work = async (): Promise<void> => {
    for (let next = rest.pop(); next; next = rest.pop()) {
      const [name, tarball] = next;
      const args = [tarball, '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'ascii', '--no-color', '--no-emoji'];
      await promisify(execFile)(join(BINARIES, 'attw'), args).catch((error: Error & { stdout?: string }) => {
        complaints[name] = error.stdout || error.message;
      });
    }
  };
  await Promise.all([work(), work()]);
  return complaints;
}

/** A packed library, unpacked: the paths of its files, and their texts. */
function unpack(name: string) {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  run('tar', ['-xzf', tarballs[name]!, '-C', folder, '--strip-components=1'], scratch);
  const files = new Set(readdirSync(folder, { recursive: true }).map(String));
  return { files, text: (path: string) => readFileSync(join(folder, path), 'utf8') };
}

describe.each(published)('%s, as it is published', (name, folder) => {
  it('says in its manifest what it is, what it needs, and whence it comes', () => {
    const { repository } = read('package.json');
    const url = typeof repository === 'object' ? (repository as { url: string }).url : repository;
    const manifest = read(join(folder, 'package.json'));
    expect(manifest).toMatchObject({
      description: expect.stringMatching(/.{10}/) as unknown,
      license: 'MIT',
      keywords: expect.arrayContaining(['oauth2']) as unknown,
      engines: { node: '>=22.13' },
      sideEffects: false,
      main: './dist/index.js',
      types: './dist/index.d.ts',
      publishConfig: { access: 'public', provenance: true },
    });
    // the root manifest names it, and a release demands that; here it is the same, or nothing yet
    expect(manifest.repository).toEqual(url && { type: 'git', url, directory: folder });
  });

  it('holds license, README, changelog, types, and source maps with their sources', () => {
    const { files, text } = unpack(name);
    const demanded = ['LICENSE', 'README.md', 'CHANGELOG.md', 'dist/index.js', 'dist/index.d.ts', 'dist/index.js.map'];
    expect(demanded.filter((file) => !files.has(file))).toEqual([]);
    expect([...files].filter((file) => /\.spec\.|tsbuildinfo|^src\//.test(file))).toEqual([]);
    const code = [...files].filter((file) => file.endsWith('.js'));
    expect(code.filter((file) => !files.has(`${file}.map`) || !files.has(file.replace(/\.js$/, '.d.ts')))).toEqual([]);
    const hasSource = (file: string) => /"sourcesContent":\["/.test(text(`${file}.map`));
    expect(code.filter((file) => !hasSource(file))).toEqual([]);
    expect(text('LICENSE')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  });

  it('is sound to publint, and to attw', async () => {
    const { buffer, byteOffset, length } = readFileSync(tarballs[name]!);
    const tarball = buffer.slice(byteOffset, byteOffset + length);
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
    expect(wrongTypes[name]).toBeUndefined();
  });
});

describe('a release', () => {
  it('demands to know the repository', () => {
    const folder = join(scratch, 'nameless');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{}');
    const release = () => run(process.execPath, [join(root, 'tools/release.ts')], folder);
    expect(release).toThrow(/package\.json has no repository/);
  });

  it(
    'makes the next version of all libraries, and their changelogs, from the commits',
    () => {
      const clone = join(scratch, 'clone');
      const git = (...args: string[]) =>
        run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], clone);
      // a clone of one commit has no history: the tag and what follows are made here
      run('git', ['clone', '--quiet', '--depth=1', `file://${root}`, clone], scratch);
      symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
      git('tag', 'v0.1.0');
      appendFileSync(join(clone, 'libs/token-exchange-client/README.md'), '\nMore.\n');
      git('commit', '--quiet', '--all', '--message', 'feat(token-exchange-client): a thing that is new');
      const settings = { PATH: `${BINARIES}:${process.env['PATH']}`, NX_DAEMON: 'false' };
      // with CI, Nx prints in colours
      const told = stripVTControlCharacters(run(process.execPath, ['tools/release.ts', '--dry-run'], clone, settings));
      for (const [name] of published) expect(told).toContain(`${name} ✍️  New version 0.1.1`);
      expect(told).toMatch(/CHANGELOG\.md[\s\S]*a thing that is new/);
      expect(told).toMatch(/v0\.1\.1/);
      expect(git('status', '--porcelain', '--untracked-files=no')).toBe('');
    },
    MINUTES,
  );
});
