import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql, type Kysely } from 'kysely';
import type { AuthorizationStore } from '../authorization-store.js';
import type { Schema } from '../database/schema/schema.js';
import { connect, openStore } from '../open-store.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { chainHash } from '../chain/audit-chain.js';
import { SearchColumns } from '../chain/search-columns.js';
import type { AuditVerification } from './verify-audit.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
const RECORDS = 12;

describe.each(databases)('a tampered audit trail on $name', (kind) => {
  let directory: string;
  let url: string;
  let database: Kysely<Schema>;
  let first: AuthorizationStore;
  let second: AuthorizationStore;
  const writers: string[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'onbehalf-audit-'));
    url = kind.name === 'SQLite' ? `sqlite:${join(directory, 'store.db')}` : await kind.database();
    database = connect(parseStoreUrl(url));
    first = await openStore({ url, encryptionKeys });
    second = await openStore({ url, encryptionKeys });
    writers.length = 0;
    for (const store of [first, second]) writers.push((await store.audit.append({ type: 'begin' })).writer);
    for (let index = 2; index < RECORDS; index += 1) {
      for (const store of [first, second]) await store.audit.append({ type: 'e', clientId: `c${index}`, subject: 's' });
    }
    expect(await first.audit.verify()).toEqual({ ok: true, writers: 2, records: 2 * RECORDS, acknowledged: [] });
  });
  afterEach(async () => {
    await Promise.all([first.close(), second.close(), database.destroy()]);
    await rm(directory, { recursive: true });
  });
  afterAll(() => kind.stop());

  const brokenIn = (verification: AuditVerification, writer: string | undefined) =>
    verification.ok ? 'nothing' : verification.brokenAt.find((found) => found.writer === writer)?.sequence;
  const edit = (sequence: number, changes: Record<string, unknown>, writer = writers[0] as string) =>
    database
      .updateTable('audit_records')
      .set(changes)
      .where('writer', '=', writer)
      .where('sequence', '=', sequence)
      .execute();
  const record = (sequence: number, writer = writers[0] as string) =>
    database
      .selectFrom('audit_records')
      .selectAll()
      .where('writer', '=', writer)
      .where('sequence', '=', sequence)
      .executeTakeFirstOrThrow();

  const everyRecord = Array.from({ length: RECORDS }, (_, sequence) => sequence);

  it.each([
    ['the event', { event: '{"type":"e","clientId":"forged"}' }],
    ['the time', { at: 1 }],
    ['the hash', { hash: 'forged' }],
    ['the hash before', { previous_hash: 'forged' }],
    ['the client that is searched for', { client_id: 'forged' }],
    ['the subject that is searched for', { subject: null }],
    ['the trace that is searched for', { trace_id: 'forged' }],
  ])('is found where %s of any record of any writer was edited', async (_name, changes) => {
    for (const sequence of everyRecord) {
      for (const writer of writers) {
        const before = await record(sequence, writer);
        if (Object.entries(changes).every(([name, value]) => before[name as keyof typeof before] === value)) continue;
        await edit(sequence, changes, writer);
        expect(brokenIn(await first.audit.verify(), writer)).toBe(sequence);
        await edit(sequence, before, writer);
      }
    }
    expect(await first.audit.verify()).toMatchObject({ ok: true });
  });

  it('is found where any record was deleted, also the last ones', async () => {
    for (const sequence of everyRecord) {
      const row = await record(sequence);
      await database
        .deleteFrom('audit_records')
        .where('writer', '=', row.writer)
        .where('sequence', '=', sequence)
        .execute();
      expect(brokenIn(await first.audit.verify(), row.writer)).toBe(sequence);
      await database.insertInto('audit_records').values(row).execute();
    }
  });

  it('is found where two records changed places', async () => {
    for (let sequence = 1; sequence + 1 < RECORDS; sequence += 1) {
      await edit(sequence, { sequence: -1 });
      await edit(sequence + 1, { sequence });
      await edit(-1, { sequence: sequence + 1 });
      expect(brokenIn(await first.audit.verify(), writers[0])).toBe(sequence);
      await edit(sequence, { sequence: -1 });
      await edit(sequence + 1, { sequence });
      await edit(-1, { sequence: sequence + 1 });
    }
  });

  it('is found where a record was moved to the chain of another writer', async () => {
    const moved = await record(3, writers[1]);
    await edit(3, { ...moved, writer: writers[0] });
    expect(brokenIn(await first.audit.verify(), writers[0])).toBe(3);
  });

  it('is found where a record was put in after the end', async () => {
    const last = await record(RECORDS - 1);
    const row = { ...last, sequence: RECORDS, previous_hash: last.hash };
    await database
      .insertInto('audit_records')
      .values({ ...row, hash: chainHash(row) })
      .execute();
    expect(brokenIn(await first.audit.verify(), writers[0])).toBe(RECORDS);
  });

  if (kind.name === 'SQLite') {
    it.each(["'x'", "x'00'", '9e999', '5.5'])('is found where a record was put in at the place %s', async (place) => {
      const row = { ...(await record(RECORDS - 1)), event: '{"type":"forged"}', type: 'forged' };
      await database
        .insertInto('audit_records')
        .values({ ...row, sequence: sql.raw<number>(place) })
        .execute();
      expect(await first.audit.verify()).toMatchObject({ ok: false });
    });
  }

  it('is found where the whole rest of the chain was written anew, because the head is sealed', async () => {
    await edit(5, { event: '{"type":"forged"}', ...new SearchColumns().of({ type: 'forged' }) });
    let previous = (await record(4)).hash;
    for (let sequence = 5; sequence < RECORDS; sequence += 1) {
      const row = { ...(await record(sequence)), previous_hash: previous };
      previous = chainHash(row);
      await edit(sequence, { previous_hash: row.previous_hash, hash: previous });
    }
    expect(brokenIn(await first.audit.verify(), writers[0])).toBe(RECORDS - 1);
    await database
      .updateTable('audit_heads')
      .set({ hash: previous })
      .where('writer', '=', writers[0] as string)
      .execute();
    expect(brokenIn(await first.audit.verify(), writers[0])).toBe(RECORDS - 1);
  });

  it('is found where a chain and its head were taken away, because the next writer has seen them', async () => {
    await database
      .deleteFrom('audit_records')
      .where('writer', '=', writers[0] as string)
      .execute();
    await database
      .deleteFrom('audit_heads')
      .where('writer', '=', writers[0] as string)
      .execute();
    expect(brokenIn(await first.audit.verify(), writers[0])).toBe(1);
  });

  it('is found where everything was cut back to an earlier, sealed state, if a head was kept elsewhere', async () => {
    const earlier = await database
      .selectFrom('audit_heads')
      .selectAll()
      .where('writer', '=', writers[0] as string)
      .execute();
    await first.audit.append({ type: 'inconvenient' });
    const kept = await first.audit.heads();
    await database.deleteFrom('audit_records').where('sequence', '=', RECORDS).execute();
    await database
      .updateTable('audit_heads')
      .set(earlier[0] as object)
      .where('writer', '=', writers[0] as string)
      .execute();
    expect(await first.audit.verify()).toMatchObject({ ok: true });
    expect(brokenIn(await first.audit.verify({ heads: kept }), writers[0])).toBe(RECORDS);
  });

  it('is found where the record is no JSON any more', async () => {
    await edit(4, { event: 'not json' });
    expect(brokenIn(await first.audit.verify(), writers[0])).toBe(4);
  });

  it('does not stop the records that come after an outage of the table', async () => {
    await sql`alter table audit_records rename to audit_records_away`.execute(database);
    await expect(first.audit.append({ type: 'lost' })).rejects.toThrow('The audit record could not be written');
    await sql`alter table audit_records_away rename to audit_records`.execute(database);
    await first.audit.append({ type: 'after' });
    expect(await first.audit.verify()).toEqual({ ok: true, writers: 2, records: 2 * RECORDS + 1, acknowledged: [] });
  });
});
