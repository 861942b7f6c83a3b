/**
 * Writes docs/requirements.md: every MUST and SHOULD with the tests that prove it, found by their calls of `requirement()`.
 * With `--check` nothing is written, and a stale table fails. A MUST without a test fails either way.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { requiredSentences, type RequiredSentence } from './required-sentences.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const table = `${root}docs/requirements.md`;
const SPECS = [
  'libs/*/src/**/*.spec.ts',
  'libs/features/*/src/**/*.spec.ts',
  'apps/*/src/**/*.spec.ts',
  'e2e/src/**/*.spec.ts',
];

interface Proof {
  readonly id: string;
  readonly sentence: string;
  readonly file: string;
}

const proofs = globSync(SPECS, { cwd: root }).sort().flatMap(findProofs);
const sentences = [...requiredSentences, ...furtherSentences(proofs)];
const text = await format(render(sentences, proofs), { ...(await resolveConfig(table)), parser: 'markdown' });
const stale = text !== readTable();
const problems = [...unproven(sentences, proofs), ...reworded(sentences, proofs)];

if (process.argv.includes('--check')) {
  if (stale) problems.push('docs/requirements.md is stale; run: node tools/requirements.ts');
} else if (stale) {
  writeFileSync(table, text);
}
for (const problem of problems) console.error(problem);
console.log(`${sentences.length} requirements, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

function findProofs(file: string): readonly Proof[] {
  const calls = readFileSync(`${root}${file}`, 'utf8').matchAll(
    /requirement\(\s*(['"])(.+?)\1,\s*(['"])(.+?)\3,?\s*\)/gs,
  );
  return [...calls].map(([, , id = '', , sentence = '']) => ({ id, sentence, file }));
}

/** Sentences that tests prove although no list demands it: of specifications that are listed elsewhere or not at all. */
function furtherSentences(found: readonly Proof[]): readonly RequiredSentence[] {
  const listed = new Set(requiredSentences.map(({ id }) => id));
  const further = new Map(found.filter(({ id }) => !listed.has(id)).map((proof) => [proof.id, proof]));
  return [...further.values()].map(({ id, sentence }) => ({
    id,
    sentence,
    level: /\b(SHOULD|RECOMMENDED)\b/.test(sentence) ? 'SHOULD' : 'MUST',
  }));
}

function unproven(all: readonly RequiredSentence[], found: readonly Proof[]): string[] {
  const proven = new Set(found.map(({ id }) => id));
  return all
    .filter(({ id, level, beyondTests }) => level === 'MUST' && beyondTests === undefined && !proven.has(id))
    .map(({ id, sentence }) => `${id} has no test: ${sentence}`);
}

function reworded(all: readonly RequiredSentence[], found: readonly Proof[]): string[] {
  const wording = new Map(all.map(({ id, sentence }) => [id, sentence]));
  return found
    .filter(({ id, sentence }) => wording.get(id) !== sentence)
    .map(({ id, file }) => `${file} words ${id} in another way`);
}

function render(all: readonly RequiredSentence[], found: readonly Proof[]): string {
  const specifications = [...new Set(all.map(({ id }) => specificationOf(id)))].sort();
  const sections = specifications.map((name) => {
    const rows = all.filter(({ id }) => specificationOf(id) === name).map((one) => row(one, found));
    return [
      `## ${title(name)}`,
      '',
      '| Section | Level | Requirement | Proven by |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  });
  const head = '# Requirements\n\nGenerated from the tests by `node tools/requirements.ts`; do not edit.';
  return [head, ...sections].join('\n\n') + '\n';
}

function row({ id, level, sentence, beyondTests }: RequiredSentence, found: readonly Proof[]): string {
  const files = [...new Set(found.filter((proof) => proof.id === id).map(({ file }) => file))];
  const links = files.map((file) => `[${file.split('/').at(-1)}](../${file})`);
  const proof = links.length > 0 ? links.join(', ') : (beyondTests ?? 'not yet');
  return `| §${id.split('-')[1] ?? ''} | ${level} | ${sentence.replaceAll('|', '\\|')} | ${proof} |`;
}

function specificationOf(id: string): string {
  return id.split('-')[0] ?? id;
}

function title(specification: string): string {
  return specification.replace(/^RFC(\d+)$/, 'RFC $1');
}

function readTable(): string | undefined {
  try {
    return readFileSync(table, 'utf8');
  } catch {
    return undefined;
  }
}
