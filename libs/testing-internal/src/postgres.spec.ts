import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startPostgres } from './postgres.js';

describe('startPostgres', () => {
  it('gives databases of their own and leaves nothing behind', async () => {
    const postgres = await startPostgres({ own: true });
    if (!postgres) return;
    const [first, second] = [await postgres.database(), await postgres.database()];
    expect(first).not.toBe(second);
    const client = new pg.Client({ connectionString: first });
    client.on('error', () => undefined);
    await client.connect();
    await expect(client.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    await client.end();
    await postgres.stop();
    await expect(new pg.Client({ connectionString: first }).connect()).rejects.toThrow();
  }, 60_000);
});
