import { readFileSync } from 'node:fs';

/** What keeps a README and the spec of its examples from being one; both lists are empty where they are. */
export interface ReadmeDifference {
  /** Regions of the spec that do not stand in the README as they are tested. */
  readonly notQuoted: readonly string[];
  /** The first lines of TypeScript blocks in the README that no region of the spec holds. */
  readonly notTested: readonly string[];
}

/**
 * Compares the examples of a README, or of another document, with the spec that runs them. An example is what stands between `// #region name` and
 * `// #endregion` in the spec, without its indentation; the README quotes it as a whole block of `ts` or `tsx`.
 * @param spec the spec's `import.meta.url`; it stands in `src/`, the README beside that
 * @param signatures first lines of blocks that show a shape rather than an example
 * @param document where it is, seen from the spec
 */
export function compareReadme(
  spec: string,
  signatures: readonly string[] = [],
  document = '../README.md',
): ReadmeDifference {
  const regions = regionsOf(readFileSync(new URL(spec), 'utf8'));
  const blocks = codeBlocks(readFileSync(new URL(document, spec), 'utf8'), ['ts', 'tsx']);
  const tested = new Set(regions.map(({ code }) => code));
  return {
    notQuoted: regions.filter(({ code }) => !blocks.includes(code)).map(({ name }) => name),
    notTested: blocks
      .filter((block) => !tested.has(block))
      .map(firstLine)
      .filter((line) => !signatures.includes(line)),
  };
}

/** The code blocks of a README in one of these languages, in their order. */
export function codeBlocks(readme: string, languages: readonly string[]): readonly string[] {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return blocks.filter(([, language = '']) => languages.includes(language)).map(([, , code = '']) => code);
}

function regionsOf(source: string): { readonly name: string; readonly code: string }[] {
  return [...source.matchAll(/^ *\/\/ #region (\w+)\n(.+?)^ *\/\/ #endregion$/gms)].map(([, name = '', code = '']) => {
    const indentation = /^ */.exec(code)?.[0] ?? '';
    return { name, code: code.replaceAll(new RegExp(`^${indentation}`, 'gm'), '') };
  });
}

function firstLine(block: string): string {
  return block.split('\n', 1)[0] ?? '';
}
