import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '@onbehalf/testing-internal';

const postgres = await startPostgres();

/** Kinds of store that several servers can share, for `describe.each`. */
export const sharedStores: readonly { readonly name: string; readonly open: () => Promise<string> }[] = [
  { name: 'SQLite', open: () => Promise.resolve(`sqlite:${join(mkdtempSync(join(tmpdir(), 'store-')), 'store.db')}`) },
  ...(postgres ? [{ name: 'PostgreSQL', open: () => postgres.database() }] : []),
];

/** For `afterAll`, when no server is left. */
export async function closeStores(): Promise<void> {
  await postgres?.stop();
}
