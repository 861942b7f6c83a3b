/** Fails when docs/where-to-change.md names a file that does not exist. */
import { existsSync, readFileSync } from 'node:fs';
import { root } from './generated.ts';

/** Fewer rows, and the table no longer answers what people ask. */
const LEAST = 15;

const lines = readFileSync(`${root}docs/where-to-change.md`, 'utf8').split('\n');
const rows = lines.filter((line) => line.startsWith('|') && line.includes(']('));
const named = rows.flatMap((row) => [...row.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path));
const missing = named.filter((path) => !existsSync(new URL(path, `file://${root}docs/`)));
for (const path of missing) console.error(`docs/where-to-change.md names ${path}, which does not exist`);
if (rows.length < LEAST) console.error(`docs/where-to-change.md has ${rows.length} rows instead of ${LEAST}`);
console.log(`docs/where-to-change.md: ${rows.length} changes, ${named.length} files, ${missing.length} missing`);
process.exitCode = missing.length > 0 || rows.length < LEAST ? 1 : 0;
