import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

/** Few in a test run; `npm run soak` asks for more. */
const KILLS = Number(process.env['SOAK_KILLS'] ?? 3);
const RECORDS = 6_000;

const key = Buffer.alloc(32, 1).toString('base64');
const databases = await testDatabases();
const testing = createRequire(import.meta.url).resolve('@onbehalf/testing-internal');
const fromSource = fileURLToPath(new URL('../from-source.mjs', `file://${testing}`));
const script = fileURLToPath(new URL('../../processes/archive.mjs', import.meta.url));

describe.each(databases)('a trail on $name whose archiving is killed', (kind) => {
  let directory: string;
  let url: string;
  let store: AuthorizationStore;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-kill-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
    store = await openStore({ url, encryptionKeys: [key], sweepInterval: 0 });
  });
  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  afterAll(() => kind.stop());

  /** @param enough messages after which it is killed. Returns whether it came to its end. */
  async function archive(out: string, enough: number): Promise<boolean> {
    const execArgv = ['--conditions=@onbehalf/source', '--import', fromSource];
    const child: ChildProcess = fork(script, [url, key, out], { execArgv, env: { PATH: process.env['PATH'] } });
    let messages = 0;
    child.on('message', () => {
      if ((messages += 1) === enough) child.kill('SIGKILL');
    });
    return new Promise((resolve) => child.once('close', (code) => resolve(code === 0)));
  }

  it(`loses nothing, and the next run finishes, ${KILLS} times`, async () => {
    const archives: string[] = [];
    let written = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      await Promise.all(Array.from({ length: RECORDS }, () => store.audit.append({ type: 'e' })));
      written += RECORDS;
      const out = join(directory, `archive-${kill}`);
      archives.push(out);
      // a run tells six pages that are written, then six batches that are deleted
      for (let enough = 1 + Math.floor(Math.random() * 12); !(await archive(out, enough)); enough += 4) {
        const there = archives.filter((path) => existsSync(path));
        expect(await store.audit.verify()).toMatchObject({ ok: true });
        const verification = await store.audit.verify({ archives: there });
        // a file that was finished, but behind which the trail does not go on yet, is the only thing that may be told
        const other = verification.ok ? [] : [...verification.brokenAt, ...verification.brokenArchives];
        const reason = expect.stringContaining('the trail does not go on behind its records');
        for (const each of other) expect(each).toEqual({ archive: out, reason });
      }
    }
    const { records } = (await store.audit.verify({ archives })) as { records?: number };
    expect(records).toBeGreaterThanOrEqual(written);
    for await (const { event } of store.audit.export()) expect(event['type']).not.toBe('e');
  }, 600_000);
});
