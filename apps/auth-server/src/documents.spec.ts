import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { hashPassword, parseServerConfig } from '@onbehalf/authorization-server';
import ts from 'typescript';
import { parse } from 'yaml';
import { features } from './features.js';

interface Block {
  /** File and line of the code. */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  /** What `<!-- given … -->` comments above it declare, which readers have of their own. */
  readonly given: string;
  /** Why it is not checked: `<!-- not checked: … -->` directly above it. */
  readonly unchecked: string | undefined;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const find = (patterns: readonly string[]): readonly string[] =>
  globSync(patterns, { cwd: ROOT, exclude: (name) => /(^|\/)(node_modules|dist|reference)$/.test(name) }).toSorted();
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const blocks = find([
  'README.md',
  'docs/*.md',
  'docs/guides/**/*.md',
  '{apps,libs}/*/README.md',
  'libs/features/*/README.md',
]).flatMap((file) => blocksOf(file, read(file)));
const checked = blocks.filter(({ unchecked }) => unchecked === undefined);
const of = (...languages: string[]): readonly Block[] => checked.filter(({ language }) => languages.includes(language));

function blocksOf(file: string, text: string): readonly Block[] {
  let given = '';
  const parts = text.matchAll(
    /^<!-- given\n(?<more>.*?)-->$|^(?:<!-- not checked: (?<why>[^\n]+) -->\n+)?(?<indent> *)```(?<language>\w+)[^\n]*\n(?<code>.*?)^ *```$/gms,
  );
  return [...parts].flatMap(({ index, 0: whole, groups = {} }) => {
    const { more, why, language = '', code = '' } = groups;
    if (more !== undefined) {
      given += more;
      return [];
    }
    const line = text.slice(0, index + whole.indexOf('```')).split('\n').length + 1;
    return [{ place: `${file}:${line}`, language, code, given, unchecked: why }];
  });
}

/** Fixtures stand for files of the reader's own, and examples in tests are further to the right. */
const plain = (code: string): string => code.replaceAll('.fixture.js', '.js').replaceAll(/^ +/gm, '').trim();

/** A TypeScript example is compiled where it stands in a source of the workspace as it is quoted; every other is compiled here. */
function notQuoted(): readonly Block[] {
  const sources = find(['{apps,libs,e2e,tools,bench}/**/*.{ts,tsx}']).map((file) => plain(read(file)));
  return of('ts', 'tsx').filter(({ code }) => !sources.some((source) => source.includes(plain(code))));
}

/** What the compiler says of examples, by their places in the documents. */
function mistakesOf(examples: readonly Block[]): readonly string[] {
  const files = new Map(
    examples.map((block, index) => [join(ROOT, 'apps/auth-server/src', `example-${index}.${block.language}`), block]),
  );
  const { options } = ts.parseJsonConfigFileContent(
    {
      extends: './tsconfig.reference.json',
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, declaration: false, declarationMap: false },
    },
    ts.sys,
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  // a module even where it imports nothing
  const textOf = ({ given, code }: Block): string => `${given}${code}\nexport {};\n`;
  host.fileExists = (file) => files.has(file) || disk.fileExists(file);
  host.readFile = (file) => (files.has(file) ? textOf(files.get(file)!) : disk.readFile(file));
  host.getSourceFile = (file, version) => {
    const block = files.get(file);
    return block ? ts.createSourceFile(file, textOf(block), version, true) : disk.getSourceFile(file, version);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([file, { place, given }]) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start = 0, messageText }) => {
      const line = source!.getLineAndCharacterOfPosition(start).line - (given.split('\n').length - 1);
      return `${place} +${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
  });
}

/** What an excerpt of a configuration need not have: the registrations that it names stand elsewhere in the file. */
const ELSEWHERE = /accepted: (nothing is|(the \w+ of )?a) registered/;

const hash = await hashPassword(randomUUID());
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What an operator puts into a variable of this name. */
function valueOf(name: string): string {
  if (name.endsWith('_HASH')) return hash;
  return name.endsWith('_CERTIFICATE') ? publicKey.export({ type: 'spki', format: 'pem' }).toString() : randomUUID();
}

function mistakesOfConfig({ code }: Block): readonly string[] {
  const environment = Object.fromEntries(
    [...code.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => [name, valueOf(name)]),
  );
  try {
    parseServerConfig(parse(code, { merge: true }), environment, { sections: features.all });
    return [];
  } catch (error) {
    const all = error instanceof AggregateError ? (error.errors as Error[]) : [error as Error];
    return all.map(({ message }) => message).filter((message) => !ELSEWHERE.test(message));
  }
}

describe('the code of the documents', () => {
  it('TypeScript compiles', () => {
    expect(of('ts', 'tsx').length).toBeGreaterThan(40);
    expect(mistakesOf(notQuoted())).toEqual([]);
  });

  it.each(of('json'))('JSON is JSON: $place', ({ code }) => {
    expect(JSON.parse(code)).toEqual(expect.anything());
  });

  it.each(of('yaml'))('the server takes the configuration: $place', (block) => {
    expect(mistakesOfConfig(block)).toEqual([]);
  });

  it('what is not checked says why', () => {
    const reasons = blocks.filter(({ unchecked }) => unchecked).map(({ place, unchecked }) => `${place}: ${unchecked}`);
    const other = checked.filter(({ language }) => !['ts', 'tsx', 'json', 'yaml'].includes(language));
    console.log(
      [`${blocks.length} blocks, ${other.length} of them of a shell or a protocol; not checked:`, ...reasons].join(
        '\n',
      ),
    );
    expect(reasons.length).toBeLessThanOrEqual(10);
    expect([...new Set(other.map(({ language }) => language))].toSorted()).toEqual([
      'bash',
      'hcl',
      'http',
      'java',
      'js',
      'sh',
      'sql',
    ]);
  });
});
