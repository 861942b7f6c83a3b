/** Jest's global set-up: starts PostgreSQL once for all test files of a run; `shared-postgres-stop.mjs` stops it. */
import './from-source.mjs';
import process from 'node:process';

export default async function startSharedPostgres() {
  const { SHARED_SERVER, startPostgres } = await import('./src/postgres.ts');
  globalThis.sharedPostgres = await startPostgres();
  if (globalThis.sharedPostgres) process.env[SHARED_SERVER] = globalThis.sharedPostgres.url;
}
