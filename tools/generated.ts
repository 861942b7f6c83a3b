/** What the documents have in common that scripts write. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

/** The workspace. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Writes a document, or with `--check` fails when it is not what it should be. Ends the process with 1 when there are problems.
 * @param script what writes it
 */
export async function writeGenerated(
  document: string,
  script: string,
  content: string,
  problems: readonly string[] = [],
): Promise<void> {
  const path = `${root}${document}`;
  const text = document.endsWith('.md')
    ? await format(content, { ...(await resolveConfig(path)), parser: 'markdown' })
    : content;
  const isStale = text !== read(path);
  const stale = isStale && process.argv.includes('--check') ? [`${document} is stale; run: node ${script}`] : [];
  if (isStale && stale.length === 0) writeFileSync(path, text);
  for (const problem of [...problems, ...stale]) console.error(problem);
  console.log(`${document}: ${problems.length + stale.length} problems`);
  if (problems.length + stale.length > 0) process.exitCode = 1;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
