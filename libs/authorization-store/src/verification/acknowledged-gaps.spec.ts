import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { Kysely } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import { chainHash, timedEvent, nextRow } from '../chain/audit-chain.js';
import { SearchColumns } from '../chain/search-columns.js';
import type { Schema } from '../database/schema/schema.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { storeCommand, type StoreCommandOptions } from '../store-command.js';
import { acknowledgementEvent, type AuditGap } from './audit-gap.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
const WHO = { by: 'anna', reason: 'the standby lagged behind' };

describe.each(databases)('gaps of the audit trail on $name', (kind) => {
  let directory: string;
  let url: string;
  let database: Kysely<Schema>;
  let store: AuthorizationStore;
  let writer: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-gaps-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
    database = connect(parseStoreUrl(url));
    store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    writer = store.audit.writer;
    await append(9);
  });
  afterEach(async () => {
    await Promise.all([store.close(), database.destroy()]);
    await rm(directory, { recursive: true });
  });
  afterAll(() => kind.stop());

  async function append(count: number, to = store): Promise<void> {
    for (let index = 0; index < count; index += 1) await to.audit.append({ type: 'e', clientId: `c${index}` });
  }
  async function run(name: 'audit-verify' | 'audit-acknowledge-gap', options: Partial<StoreCommandOptions> = {}) {
    const lines: string[] = [];
    const code = await storeCommand(name, { url, encryptionKeys, ...options }, (line) => lines.push(line));
    return { code, lines };
  }
  const acknowledge = (options: Partial<StoreCommandOptions> = {}) =>
    run('audit-acknowledge-gap', { ...WHO, ...options });
  const hashOf = async (sequence: number, of = writer) =>
    (
      await database
        .selectFrom('audit_records')
        .select('hash')
        .where('writer', '=', of)
        .where('sequence', '=', sequence)
        .executeTakeFirstOrThrow()
    ).hash;
  const lose = (from: number, to: number, of = writer) =>
    database
      .deleteFrom('audit_records')
      .where('writer', '=', of)
      .where('sequence', '>=', from)
      .where('sequence', '<=', to)
      .execute();
  const lost = async (from: number, to: number, of = writer): Promise<AuditGap> => {
    const after = from === 0 ? '' : await hashOf(from - 1, of);
    const gap = { writer: of, from, to, after, lost: await hashOf(to, of) };
    await lose(from, to, of);
    return gap;
  };
  const chainOfAcknowledgement = async (): Promise<string> => {
    const { records } = await store.audit.query({ type: 'audit_gap_acknowledged' });
    return records[0]!.writer;
  };

  it('are told by a dry run, acknowledged by a record, and told by every verification from then on', async () => {
    const gap = await lost(3, 5);
    expect(await run('audit-verify')).toEqual({
      code: 1,
      lines: [`broken at writer ${writer}, record 3: records 3 to 5 are missing`],
    });
    expect(await run('audit-acknowledge-gap', { dryRun: true })).toEqual({
      code: 1,
      lines: [
        `would be acknowledged: ${writer}/3-5: records 3 to 5, after the record with the hash ${gap.after}; the last one had the hash ${gap.lost}`,
      ],
    });
    expect((await run('audit-verify')).code).toBe(1);
    expect((await acknowledge()).code).toBe(0);
    const { records } = await store.audit.query({ type: 'audit_gap_acknowledged' });
    expect(records.map(({ event }) => event)).toEqual([
      { type: 'audit_gap_acknowledged', outcome: 'accepted', operator: WHO.by, statedReason: WHO.reason, gap },
    ]);
    const { code, lines } = await run('audit-verify');
    expect({ code, lines }).toEqual({
      code: 0,
      lines: [
        'the audit trail is whole but for 1 acknowledged gap: 9 records of 2 writers',
        `acknowledged ${writer}/3-5: records 3 to 5 of the chain are gone, says anna on ${records[0]!.at}: ${WHO.reason}`,
      ],
    });
    expect(await acknowledge()).toEqual({ code: 0, lines });
  });

  it.each<[string, (gap: AuditGap) => Promise<unknown>]>([
    ['the record before it is gone, too', ({ from }) => lose(from - 1, from - 1)],
    ['the record behind it is gone, too', ({ to }) => lose(to + 1, to + 1)],
    ['other records of the chain are gone', () => lose(8, 8)],
    ['the end of the chain is gone', () => lose(9, 9)],
    [
      'the record behind it was changed',
      ({ to }) =>
        database
          .updateTable('audit_records')
          .set({ at: 1 })
          .where('sequence', '=', to + 1)
          .execute(),
    ],
    [
      'the acknowledgement was changed',
      () =>
        database
          .updateTable('audit_records')
          .set({ event: '{"type":"audit_gap_acknowledged"}' })
          .where('type', '=', 'audit_gap_acknowledged')
          .execute(),
    ],
    ['the record before the acknowledgement is gone', async () => lose(0, 0, await chainOfAcknowledgement())],
    [
      'the chain of the acknowledgement has no head',
      async () =>
        database
          .deleteFrom('audit_heads')
          .where('writer', '=', await chainOfAcknowledgement())
          .execute(),
    ],
    [
      'the chain of the acknowledgement has a head that nobody has sealed',
      async () =>
        database
          .updateTable('audit_heads')
          .set({ seal: 'forged' })
          .where('writer', '=', await chainOfAcknowledgement())
          .execute(),
    ],
  ])('are broken again when %s', async (_name, change) => {
    const gap = await lost(3, 5);
    await acknowledge();
    await change(gap);
    const verification = await store.audit.verify();
    expect(verification.ok).toBe(false);
  });

  it('do not grow: what is lost beside one has to be acknowledged by itself', async () => {
    await lost(3, 5);
    await acknowledge();
    await lose(6, 6);
    const { code, lines } = await run('audit-verify');
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [`broken at writer ${writer}, record 3: records 3 to 6 are missing`],
    });
  });

  it('cannot be acknowledged by somebody who has only the database', async () => {
    const gap = await lost(3, 5);
    const own = randomUUID();
    const event = timedEvent(acknowledgementEvent(gap, WHO), 1);
    const row = nextRow(own, { sequence: -1, hash: '' }, event, new SearchColumns());
    await database.insertInto('audit_records').values(row).execute();
    const { seal, sealed_with } = await database.selectFrom('audit_heads').selectAll().executeTakeFirstOrThrow();
    await database
      .insertInto('audit_heads')
      .values({ writer: own, sequence: 0, hash: row.hash, seal, sealed_with })
      .execute();
    expect(await store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: expect.arrayContaining([
        expect.objectContaining({ writer, gap }),
        expect.objectContaining({ writer: own }),
      ]),
      acknowledged: [],
    });
  });

  it.each([
    'null',
    '[]',
    '{"type":"audit_chain_opened","heads":null}',
    '{"type":"audit_chain_opened","heads":[null,{"writer":1}]}',
    '{"type":"audit_gap_acknowledged"}',
    '{"type":"audit_gap_acknowledged","gap":{"writer":1,"from":"0"}}',
    '{"type":"audit_gap_acknowledged","gap":{"writer":"w","after":"","lost":"","from":0,"to":0}}',
  ])('are told beside a chain of somebody else that begins with %s', async (event) => {
    const place = { writer: 'forged', sequence: 0, previous_hash: '', at: 9e15, event };
    const columns = new SearchColumns().of((JSON.parse(event) ?? {}) as Record<string, unknown>);
    await database
      .insertInto('audit_records')
      .values({ ...place, hash: chainHash(place), ...columns })
      .execute();
    expect(await store.audit.verify()).toMatchObject({ ok: false, brokenAt: [{ writer: 'forged' }] });
  });

  it('are not moved to another chain with their acknowledgement', async () => {
    const other = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    await append(9, other);
    const gap = await lost(3, 5);
    await acknowledge();
    await lost(3, 5, other.audit.writer);
    expect(await store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ writer: other.audit.writer, sequence: 3 }],
      acknowledged: [gap],
    });
    await other.close();
  });

  it('of two chains that only acknowledge each other are broken', async () => {
    const other = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    await append(9, other);
    const gaps = [
      { writer, from: 3, to: 5, after: await hashOf(2), lost: await hashOf(5) },
      {
        writer: other.audit.writer,
        from: 3,
        to: 5,
        after: await hashOf(2, other.audit.writer),
        lost: await hashOf(5, other.audit.writer),
      },
    ] as const;
    await store.audit.acknowledge([gaps[1], gaps[0]], WHO);
    await other.audit.acknowledge([gaps[0], gaps[1]], WHO);
    for (const gap of gaps) await lose(gap.from, gap.to, gap.writer);
    expect(await store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: gaps.map((gap) => ({ gap })).toSorted((one, next) => (one.gap.writer < next.gap.writer ? -1 : 1)),
    });
    await acknowledge({ only: [`${writer}/3-5`] });
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    await other.close();
  });

  it('at the end of a chain stay acknowledged when it goes on', async () => {
    await lost(8, 9);
    expect((await acknowledge()).code).toBe(0);
    await append(1);
    expect(await store.audit.verify()).toMatchObject({ ok: true, acknowledged: [{ from: 8, to: 9 }] });
  });

  it('of a whole chain that another one has seen are acknowledged', async () => {
    await store.close();
    store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    await append(1);
    await lose(0, 9);
    await database.deleteFrom('audit_heads').where('writer', '=', writer).execute();
    const { lines } = await acknowledge({ dryRun: true });
    expect(lines).toEqual([expect.stringContaining(`${writer}/0-9: records 0 to 9, from its beginning;`)]);
    expect((await acknowledge()).code).toBe(0);
    expect(await store.audit.verify()).toMatchObject({ ok: true, acknowledged: [{ writer, from: 0, to: 9 }] });
  });

  it('are chosen by their names; a name that is none is refused', async () => {
    await lost(3, 5);
    await lost(7, 7);
    await expect(acknowledge({ only: [`${writer}/3-6`] })).rejects.toThrow(
      `the gap is "${writer}/3-6"; accepted: ${writer}/3-5, ${writer}/7-7`,
    );
    expect((await acknowledge({ only: [`${writer}/7-7`] })).code).toBe(1);
    expect(await store.audit.verify()).toMatchObject({ brokenAt: [{ sequence: 3 }], acknowledged: [{ from: 7 }] });
    expect((await acknowledge()).code).toBe(0);
    expect(await store.audit.verify()).toMatchObject({ ok: true, acknowledged: [{ from: 3 }, { from: 7 }] });
  });

  it('are all that can be acknowledged: what was edited is told, and stays broken', async () => {
    await lost(3, 5);
    await database.updateTable('audit_records').set({ at: 1 }).where('sequence', '=', 7).execute();
    const { code, lines } = await acknowledge();
    expect(code).toBe(1);
    const reason = `broken at writer ${writer}, record 7: the record does not match its hash`;
    expect(lines).toEqual([
      expect.stringMatching(/^acknowledged .*\/3-5/),
      `cannot be acknowledged: ${reason}`,
      reason,
      expect.stringMatching(/^acknowledged .*\/3-5: .* says anna/),
    ]);
  });

  it.each([
    ['by', undefined],
    ['by', ' '],
    ['reason', ''],
    ['reason', 'two\nlines'],
    ['reason', 'x'.repeat(257)],
  ])('need somebody and a reason: %s %j is refused', async (name, value) => {
    await lost(3, 5);
    await expect(acknowledge({ [name]: value })).rejects.toThrow(`--${name}`);
    expect((await run('audit-verify')).code).toBe(1);
  });

  it('that took the first record away do not hide what it had seen', async () => {
    await store.close();
    store = await openStore({ url, encryptionKeys, sweepInterval: 0 });
    await append(1);
    await lose(0, 0, store.audit.writer);
    await acknowledge();
    // the chain of the command has seen what that record had
    await lose(0, 9);
    await database.deleteFrom('audit_heads').where('writer', '=', writer).execute();
    expect(await store.audit.verify()).toMatchObject({ ok: false, brokenAt: [{ writer, sequence: 9 }] });
  });

  it('are no place for records of somebody else', async () => {
    await lost(3, 5);
    await acknowledge();
    const before = await database.selectFrom('audit_records').selectAll().where('sequence', '=', 2).executeTakeFirst();
    const row = { ...before!, sequence: 4 };
    await database
      .insertInto('audit_records')
      .values({ ...row, hash: chainHash(row) })
      .execute();
    expect(await store.audit.verify()).toMatchObject({ ok: false });
  });
});
