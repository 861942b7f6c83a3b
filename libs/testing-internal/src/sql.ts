import { DatabaseSync } from 'node:sqlite';
import type { Client } from 'pg';

/** Changes a store behind the back of its servers, where a test would otherwise have to wait. */
export async function execute(url: string, statement: string): Promise<void> {
  if (url.startsWith('sqlite:')) {
    const database = new DatabaseSync(url.slice('sqlite:'.length), { timeout: 5000 });
    database.exec(statement);
    return database.close();
  }
  const client = await connect(url);
  await client.query(statement);
  await client.end();
}

/** What a query finds in a store. */
export async function rowsOf(url: string, query: string): Promise<unknown[]> {
  if (url.startsWith('sqlite:')) {
    const database = new DatabaseSync(url.slice('sqlite:'.length), { timeout: 5000 });
    const rows = database.prepare(query).all();
    database.close();
    return rows;
  }
  const client = await connect(url);
  const { rows } = await client.query<object>(query);
  await client.end();
  return rows;
}

/** Loads the driver when a test asks for it: other users of this library need none. */
async function connect(url: string): Promise<Client> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}
