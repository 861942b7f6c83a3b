import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { chainHash, nextRow, timedEvent } from '../chain/audit-chain.js';
import { SearchColumns } from '../chain/search-columns.js';
import { acknowledgementEvent } from './audit-gap.js';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();
const WHO = { by: 'anna', reason: 'the standby lagged behind' };

describe.each(databases)('gaps that nobody has acknowledged on $name', (kind) => {
  const trail = trailForEach(kind, 9);

  const acknowledge = (only: readonly string[] = []) => trail.run('audit-acknowledge-gap', { ...WHO, only });

  it('cannot be acknowledged by somebody who has only the database', async () => {
    const gap = await trail.lose(3, 5);
    const own = randomUUID();
    const event = timedEvent(acknowledgementEvent(gap, WHO), 1);
    const row = nextRow(own, { sequence: -1, hash: '' }, event, new SearchColumns());
    await trail.database.insertInto('audit_records').values(row).execute();
    const { seal, sealed_with } = await trail.database.selectFrom('audit_heads').selectAll().executeTakeFirstOrThrow();
    await trail.database
      .insertInto('audit_heads')
      .values({ writer: own, sequence: 0, hash: row.hash, seal, sealed_with })
      .execute();
    expect(await trail.store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: expect.arrayContaining([
        expect.objectContaining({ writer: trail.writer, gap }),
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
    await trail.database
      .insertInto('audit_records')
      .values({ ...place, hash: chainHash(place), ...columns })
      .execute();
    expect(await trail.store.audit.verify()).toMatchObject({ ok: false, brokenAt: [{ writer: 'forged' }] });
  });

  it('are not moved to another chain with their acknowledgement', async () => {
    const other = await trail.open();
    await trail.append(9, other);
    const gap = await trail.lose(3, 5);
    await acknowledge();
    await trail.lose(3, 5, other.audit.writer);
    expect(await trail.store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ writer: other.audit.writer, sequence: 3 }],
      acknowledged: [gap],
    });
    await other.close();
  });

  it('of two chains that only acknowledge each other are broken', async () => {
    const other = await trail.open();
    await trail.append(9, other);
    const gaps = [
      { writer: trail.writer, from: 3, to: 5, after: await trail.hashOf(2), lost: await trail.hashOf(5) },
      {
        writer: other.audit.writer,
        from: 3,
        to: 5,
        after: await trail.hashOf(2, other.audit.writer),
        lost: await trail.hashOf(5, other.audit.writer),
      },
    ] as const;
    await trail.store.audit.acknowledge([gaps[1], gaps[0]], WHO);
    await other.audit.acknowledge([gaps[0], gaps[1]], WHO);
    for (const gap of gaps) await trail.lose(gap.from, gap.to, gap.writer);
    expect(await trail.store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: gaps.map((gap) => ({ gap })).toSorted((one, next) => (one.gap.writer < next.gap.writer ? -1 : 1)),
    });
    await acknowledge([`${trail.writer}/3-5`]);
    expect(await trail.store.audit.verify()).toMatchObject({ ok: true });
    await other.close();
  });

  it('are no place for records of somebody else', async () => {
    await trail.lose(3, 5);
    await acknowledge();
    const before = await trail.database
      .selectFrom('audit_records')
      .selectAll()
      .where('sequence', '=', 2)
      .executeTakeFirst();
    const row = { ...before!, sequence: 4 };
    await trail.database
      .insertInto('audit_records')
      .values({ ...row, hash: chainHash(row) })
      .execute();
    expect(await trail.store.audit.verify()).toMatchObject({ ok: false });
  });
});
