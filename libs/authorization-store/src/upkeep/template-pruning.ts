import type { Kysely } from 'kysely';
import { UNUSED_FOR } from '../chain/audit-templates.js';
import type { Schema } from '../database/schema/schema.js';
import { firstOf, lastOf, templatesIn, writersOf } from '../verification/stored-chains.js';
import { rangesOf } from './archive-plan.js';

/** Deletes the templates that no record uses, so that they do not outlive what was archived. */
export async function pruneTemplates(database: Kysely<Schema>): Promise<void> {
  const old = await oldTemplates(database);
  if (old.length === 0) return;
  const used = await usedTemplates(database);
  for (const number of old) {
    if (used.has(number)) continue;
    // the time again: it may have been stored anew meanwhile
    await database
      .deleteFrom('audit_templates')
      .where('number', '=', number)
      .where('stored_at', '<', longAgo())
      .execute();
  }
}

/** No process believes any more that they are there. */
async function oldTemplates(database: Kysely<Schema>): Promise<number[]> {
  const rows = await database
    .selectFrom('audit_templates')
    .select('number')
    .where('stored_at', '<', longAgo())
    .execute();
  return rows.map(({ number }) => number);
}

async function usedTemplates(database: Kysely<Schema>): Promise<ReadonlySet<number>> {
  const used = new Set<number>();
  for (const writer of await writersOf(database)) {
    const first = (await firstOf(database, writer))?.sequence ?? 0;
    for (const { from, to } of rangesOf(first, await lastOf(database, writer))) {
      for (const number of await templatesIn(database, { writer, after: from - 1, last: to })) used.add(number);
    }
  }
  return used;
}

function longAgo(): number {
  return Math.floor(Date.now() / 1000) - UNUSED_FOR;
}
