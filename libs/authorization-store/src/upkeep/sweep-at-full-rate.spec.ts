import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql, type Kysely } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import type { Schema } from '../database/schema/schema.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';

/** Seconds of load. A minute of the store passes in each: lives of 30 minutes, and what runs every minute, in little time. */
const SECONDS = Number(process.env['SOAK_SWEEP'] ?? '0');
const FASTER = 60;
const LIFE = 1800;
const LANES = 32;
const TABLES = ['tokens', 'replays', 'provider_records'];
/** Seconds after which as much ends as begins: a life, the margin of the sweep, and some. */
const SETTLED = LIFE / FASTER + 300 / FASTER + 3;

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('the sweep at full rate on $name', (kind) => {
  afterAll(() => kind.stop());

  (SECONDS > SETTLED ? it : it.skip)(
    'keeps every table within 1.5 times the rows that live',
    async () => {
      const begun = performance.now();
      const start = Math.floor(Date.now() / 1000);
      const passed = (): number => (performance.now() - begun) / 1000;
      const clock = (): number => Math.floor(start + passed() * FASTER);
      const file = join(mkdtempSync(join(tmpdir(), 'sweep-')), 'store.db');
      const url = kind.name === 'SQLite' ? `sqlite:${file}` : await kind.database();
      const store = await openStore({ url, encryptionKeys, clock, sweepInterval: 1 });
      const database = connect(parseStoreUrl(url));
      const issuing = Array.from({ length: LANES }, (_, lane) => issue(store, lane, clock, () => passed() < SECONDS));
      const ratios: number[] = [];
      // in a pause of the machine nothing is issued, and what lives ends: each second of it is a minute of the store
      let pause = 0;
      while (passed() < SECONDS - 1) {
        const before = passed();
        await sleep(2000);
        pause = Math.max(pause, passed() - before - 2);
        if (passed() > SETTLED) ratios.push(...(await ratiosIn(database, clock())));
      }
      const issued = (await Promise.all(issuing)).reduce((sum, count) => sum + count, 0);
      const { deleted, oldestDue } = store.sweeping;
      const rows = TABLES.reduce((sum, table) => sum + deleted.get(table)!, 0);
      const late = Math.max(...TABLES.map((table) => oldestDue.get(table)!));
      console.info(
        `${kind.name}: ${Math.round((issued * TABLES.length) / SECONDS)} rows issued and ${Math.round(rows / SECONDS)} ` +
          `deleted a second, at most ${Math.max(...ratios).toFixed(2)} times what lives, oldest due ${late} s, ` +
          `longest pause of the machine ${pause.toFixed(1)} s`,
      );
      expect(ratios.length).toBeGreaterThan(0);
      expect(Math.max(...ratios)).toBeLessThanOrEqual(1.5);
      await database.destroy();
      await store.close();
    },
    (SECONDS + 120) * 1000,
  );
});

/** A token, a proof that it was asked for once, and a code, again and again. Returns how many of each. */
async function issue(
  store: AuthorizationStore,
  lane: number,
  clock: () => number,
  goesOn: () => boolean,
): Promise<number> {
  const codes = store.providerAdapter('AuthorizationCode');
  let count = 0;
  for (; goesOn(); count += 1) {
    const id = `${lane}-${count}`;
    const expiresAt = clock() + LIFE;
    await Promise.all([
      store.tokens.record({ jti: id, clientId: 'client', subject: 'subject', audiences: ['audience'], expiresAt }),
      store.replay.use(id, expiresAt),
      codes.upsert(id, { jti: id }, LIFE),
    ]);
  }
  return count;
}

/** For each table, how many rows it has for one that lives. */
async function ratiosIn(database: Kysely<Schema>, now: number): Promise<number[]> {
  return Promise.all(
    TABLES.map(async (table) => {
      const { rows } = await sql<{ every: number; live: number }>`select count(*) as every,
        count(case when expires_at >= ${now} then 1 end) as live from ${sql.table(table)}`.execute(database);
      return Number(rows[0]!.every) / Number(rows[0]!.live);
    }),
  );
}
