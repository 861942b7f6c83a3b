import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres } from '@onbehalf/testing-internal';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { AuthorizationStore } from './authorization-store.js';
import { openStore } from './open-store.js';

/** Seconds; `npm run soak` asks for 30. */
const OUTAGE = Number(process.env['SOAK_OUTAGE'] ?? 4);
const TIMEOUT = 0.5;

const postgres = await startPostgres({ own: true });
const { hang, resume } = postgres ?? {};
const describeOutage = hang && resume ? describe : describe.skip;

describeOutage(`PostgreSQL hangs for ${OUTAGE} seconds`, () => {
  let store: AuthorizationStore;
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  beforeAll(async () => {
    process.on('unhandledRejection', note);
    const url = (await postgres?.database()) as string;
    store = await openStore({ url, encryptionKeys: [Buffer.alloc(32, 1).toString('base64')], timeout: TIMEOUT });
  });
  afterAll(async () => {
    process.removeListener('unhandledRejection', note);
    await store.close();
    await postgres?.stop();
  });

  it('fails every call in time, acknowledges nothing, and is back within five seconds', async () => {
    const acknowledged: string[] = [];
    let failed = 0;
    let slowest = 0;
    const write = async (id: string) => {
      const start = Date.now();
      await store.audit.append({ type: 'write', issuedTokenId: id }).then(
        () => acknowledged.push(id),
        () => (failed += 1),
      );
      slowest = Math.max(slowest, Date.now() - start);
    };
    await write('before');
    const end = Date.now() + OUTAGE * 1000;
    hang?.();
    try {
      for (let round = 0; Date.now() < end; round += 1) {
        const writes = Array.from({ length: 1_000 }, (_, index) => write(`during-${round}-${index}`));
        const check = expect(store.check()).rejects.toThrow();
        await Promise.all([...writes, check]);
      }
    } finally {
      resume?.();
    }
    expect(acknowledged).toEqual(['before']);
    expect(failed).toBeGreaterThan(0);
    // the wait for a connection and for an answer, on a machine that has much else to do
    expect(slowest).toBeLessThan(2 * TIMEOUT * 1000 + 1500);
    const back = Date.now();
    while (!acknowledged.includes('after') && Date.now() - back < 5_000) await write('after');
    expect(acknowledged).toEqual(['before', 'after']);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    expect(unhandled).toEqual([]);
  }, 60_000);

  it('goes on after connections were cut while they were in use', async () => {
    const operator = new pg.Client({ connectionString: postgres?.url });
    await operator.connect();
    let failed = 0;
    for (let round = 0; round < 20; round += 1) {
      const uses = Array.from({ length: 20 }, (_, index) => store.replay.use(`cut-${round}-${index}`, Date.now()));
      const cut = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'onbehalf'`;
      const [, ...results] = await Promise.allSettled([operator.query(cut), ...uses]);
      failed += results.filter(({ status }) => status === 'rejected').length;
    }
    await operator.end();
    expect(failed).toBeGreaterThan(0);
    // a backend that was told to end may still take one question
    await store.check().catch(() => sleep(500));
    await store.check();
    expect(unhandled).toEqual([]);
  });
});
