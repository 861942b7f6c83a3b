import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rowsOf, startPostgres } from '@onbehalf/testing-internal';
import { checkCopy } from './check-copy.js';
import { openStore } from './open-store.js';

/** Few in a test run; `npm run soak` asks for more. */
const TOKENS = Number(process.env['SOAK_MOVE'] ?? 200);
/** Without `npm run soak`, only some of the places where a kill may come. */
const EACH = process.env['SOAK_MOVE'] === undefined ? 4 : 1;

const postgres = await startPostgres();
afterAll(() => postgres?.stop());
const testing = createRequire(import.meta.url).resolve('@onbehalf/testing-internal');
const fromSource = fileURLToPath(new URL('../from-source.mjs', `file://${testing}`));
const script = fileURLToPath(new URL('../processes/move.mjs', import.meta.url));

(postgres ? describe : describe.skip)('a move to PostgreSQL that is killed', () => {
  let folder: string;
  let from: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'onbehalf-move-kill-'));
    from = join(folder, 'store.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const key = randomBytes(32).toString('base64');
  const to = (url: string) => ({ url, encryptionKeys: [key], sweepInterval: 0 });

  async function fill(): Promise<void> {
    const store = await openStore({ url: `sqlite:${from}`, sweepInterval: 0 });
    await store.secrets.get('cookie-key', () => 'made once');
    await store.providerAdapter('Session').upsert('session-1', { uid: 'uid-1', accountId: 'baeldung' }, 3600);
    const about = { clientId: 'user-service', subject: 'baeldung', audiences: ['message-service'] };
    for (let count = 0; count < TOKENS; count += 100) {
      const some = Array.from({ length: 100 }, (_, index) => ({ ...about, jti: `t${count + index}`, expiresAt: 4e9 }));
      await Promise.all(some.map((one) => store.recordIssued(one, { type: 'token_exchange', outcome: 'issued' })));
    }
    await store.close();
  }

  /** @param still after so many lines it stands still, and is killed. Returns what it told. */
  async function move(url: string, still = 0): Promise<string[]> {
    const args = ['--conditions=@onbehalf/source', '--import', fromSource, script, url, key, from, String(still)];
    const env = { PATH: process.env['PATH'] };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    const lines: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      if (lines.push(line) === still) child.kill('SIGKILL');
    }
    expect(await ended).toEqual(still === 0 ? [0, null] : [null, 'SIGKILL']);
    return lines;
  }

  async function whole(url: string): Promise<void> {
    expect(await checkCopy({ ...to(url), migrateAtStart: false }, undefined, () => undefined)).toBe(0);
    expect(await rowsOf(url, 'select count(*)::int as count from tokens')).toEqual([{ count: TOKENS }]);
  }

  async function empty(url: string): Promise<void> {
    for (const table of ['tokens', 'audit_records', 'audit_heads', 'provider_records', 'shared_secrets']) {
      expect([table, await rowsOf(url, `select 1 from ${table}`)]).toEqual([table, []]);
    }
    expect(await rowsOf(url, 'select 1 from counters where value <> 0')).toEqual([]);
  }

  it('leaves the file whole and the target empty wherever it is killed, and the next one moves everything', async () => {
    await fill();
    const lines = await move(await postgres!.database());
    const committed = lines.findIndex((line) => line.startsWith('moved ')) + 1;
    expect(committed).toBe(lines.length);
    const url = await postgres!.database();
    for (let still = 1; still < committed; still += EACH) {
      expect(await move(url, still)).toEqual(lines.slice(0, still));
      await empty(url);
      expect(await checkCopy({ url: `sqlite:${from}` }, from, () => undefined)).toBe(0);
    }
    await move(url);
    await whole(url);
  }, 600_000);

  it('has moved everything where it was killed after its last line', async () => {
    await fill();
    const url = await postgres!.database();
    const told = (await move(await postgres!.database())).length;
    await move(url, told);
    await whole(url);
  }, 600_000);
});
