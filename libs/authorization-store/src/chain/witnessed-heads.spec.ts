import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { Kysely } from 'kysely';
import type { AuditVerification } from '../verification/verify-audit.js';
import type { Schema } from '../database/schema/schema.js';
import { connect, openStore } from '../open-store.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { CHAIN_OPENED, type WriterHead } from './audit-chain.js';

const databases = await testDatabases();
const [KEY, NEXT_KEY] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];

describe.each(databases)('the first record of a chain on $name', (kind) => {
  let directory: string;
  let url: string;
  let database: Kysely<Schema>;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-witnesses-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
    database = connect(parseStoreUrl(url));
  });
  afterEach(async () => {
    await database.destroy();
    await rm(directory, { recursive: true });
  });
  afterAll(() => kind.stop());

  /** A process that starts, records something, and ends. */
  async function start(encryptionKeys = [KEY]): Promise<string> {
    const store = await openStore({ url, encryptionKeys });
    const { writer } = await store.audit.append({ type: 'e' });
    await store.close();
    return writer;
  }
  async function verify(): Promise<AuditVerification> {
    const store = await openStore({ url, encryptionKeys: [KEY] });
    const verification = await store.audit.verify();
    await store.close();
    return verification;
  }
  const openingOf = async (writer: string) => {
    const { event } = await database
      .selectFrom('audit_records')
      .select('event')
      .where('writer', '=', writer)
      .where('type', '=', CHAIN_OPENED)
      .executeTakeFirstOrThrow();
    return (JSON.parse(event) as { heads: WriterHead[] }).heads.map((head) => head.writer);
  };
  const takeAway = async (...writers: string[]) => {
    await database.deleteFrom('audit_records').where('writer', 'in', writers).execute();
    await database.deleteFrom('audit_heads').where('writer', 'in', writers).execute();
  };
  const brokenIn = (verification: AuditVerification) =>
    verification.ok ? [] : verification.brokenAt.map(({ writer }) => writer);

  it('lists the chains that ended since the one before it, however many there are', async () => {
    const writers: string[] = [];
    for (let index = 0; index < 12; index += 1) writers.push(await start());
    for (const [index, writer] of writers.entries()) {
      expect(await openingOf(writer)).toEqual(index === 0 ? [] : [writers[index - 1]]);
    }
    expect(await verify()).toEqual({ ok: true, writers: 12, records: 24, acknowledged: [] });
  });

  it('lists a chain again that has gone on', async () => {
    const lasting = await openStore({ url, encryptionKeys: [KEY] });
    const { writer } = await lasting.audit.append({ type: 'e' });
    const second = await start();
    await lasting.audit.append({ type: 'e' });
    expect(await openingOf(await start())).toEqual([writer, second].sort());
    await lasting.close();
  });

  it('keeps what any chain has seen: whichever earlier ones are taken away, the verification tells', async () => {
    const writers: string[] = [];
    for (let index = 0; index < 4; index += 1) writers.push(await start());
    const [first, second, third] = writers as [string, string, string];
    await takeAway(first);
    expect(brokenIn(await verify())).toEqual([first]);
    await takeAway(second, third);
    expect(brokenIn(await verify())).toEqual([third]);
  });

  it('lists what only a chain has seen that is no longer there', async () => {
    const first = await start();
    const last = await start();
    await takeAway(last);
    expect(await openingOf(await start())).toEqual([first]);
    await takeAway(first);
    expect(brokenIn(await verify())).toEqual([first]);
  });

  it.each([
    ['a seal that nobody made', { seal: 'forged' }],
    ['the seal of another head', {}],
    ['a key that is not given', { sealed_with: 'gone' }],
  ])('does not believe %s', async (_name, forged) => {
    const first = await start();
    const second = await start();
    const { seal, sealed_with } = await database
      .selectFrom('audit_witnesses')
      .select(['seal', 'sealed_with'])
      .where('writer', '=', first)
      .executeTakeFirstOrThrow();
    const head = await database
      .selectFrom('audit_heads')
      .select(['writer', 'sequence', 'hash'])
      .where('writer', '=', second)
      .executeTakeFirstOrThrow();
    const claim = { ...head, witness: first, seal, sealed_with, ...forged };
    await database.insertInto('audit_witnesses').values(claim).execute();
    expect(await openingOf(await start())).toEqual([second]);
  });

  it('lists everything once more after the key that sealed it is gone', async () => {
    const first = await start([KEY]);
    const second = await start([NEXT_KEY, KEY]);
    expect(await openingOf(second)).toEqual([first]);
    expect(await openingOf(await start([NEXT_KEY]))).toEqual([second]);
    const anew = await start([Buffer.alloc(32, 3).toString('base64')]);
    expect(await openingOf(anew)).toHaveLength(3);
  });
});
