import { createRequire } from 'node:module';
import type pg from 'pg';

const load = createRequire(import.meta.url);

/** The driver of PostgreSQL, loaded when it is used: who is on SQLite does without its memory. */
export function pgDriver(): typeof pg {
  return load('pg') as typeof pg;
}
