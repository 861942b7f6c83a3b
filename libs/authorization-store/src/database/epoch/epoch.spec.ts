import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvalidCursor } from '@onbehalf/authorization-ports';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import type { AuthorizationStore } from '../../authorization-store.js';
import { connect, openStore } from '../../open-store.js';
import { storeCommand } from '../../store-command.js';
import { parseStoreUrl } from '../address/store-url.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('cursors on $name', (kind) => {
  let url: string;
  let store: AuthorizationStore;

  beforeEach(async () => {
    url = await kind.database();
    store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  async function cursors(): Promise<{ feed: string; trail: string }> {
    const trail = await store.audit.query({ limit: 1 });
    return { feed: (await store.tokens.revokedSince()).cursor, trail: trail.cursor! };
  }

  it('go on where they were given, and are refused in another epoch of the database', async () => {
    for (let count = 0; count < 3; count += 1) await store.audit.append({ type: 'event' });
    const { feed, trail } = await cursors();
    await expect(store.tokens.revokedSince(feed)).resolves.toEqual({ tokens: [], cursor: feed });
    await expect(store.audit.query({ cursor: trail })).resolves.toBeDefined();
    await store.renewCursors();
    await expect(store.tokens.revokedSince(feed)).rejects.toThrow(InvalidCursor);
    await expect(store.audit.query({ cursor: trail })).rejects.toThrow(InvalidCursor);
    expect((await cursors()).feed).not.toBe(feed);
  });

  if (kind.name === 'PostgreSQL') {
    it('are refused when the tables are other ones, as after a restore', async () => {
      const { feed } = await cursors();
      const database = connect(parseStoreUrl(url));
      await sql`vacuum full tokens`.execute(database);
      await database.destroy();
      await expect(store.tokens.revokedSince(feed)).rejects.toThrow(InvalidCursor);
    });

    it('are refused from the command on', async () => {
      const { feed } = await cursors();
      const lines: string[] = [];
      expect(await storeCommand('renew-cursors', { url, encryptionKeys }, (line) => lines.push(line))).toBe(0);
      expect(lines).toHaveLength(1);
      await expect(store.tokens.revokedSince(feed)).rejects.toThrow(InvalidCursor);
    });
  }
});
