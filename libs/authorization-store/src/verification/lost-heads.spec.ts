import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { WriterHead } from '../chain/audit-chain.js';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();
const WHO = { by: 'anna', reason: 'the standby lagged behind' };

describe.each(databases)('heads that were seen, and lost in an acknowledged gap on $name', (kind) => {
  const trail = trailForEach(kind, 9);
  const verify = (...heads: readonly WriterHead[]) => trail.store.audit.verify({ heads });
  const acknowledge = (heads: readonly WriterHead[] = [], archives: readonly string[] = []) =>
    trail.run('audit-acknowledge-gap', {
      ...WHO,
      heads,
      ...(archives.length > 0 && { archives: archives.map((name) => trail.file(name)) }),
    });
  const gapsOnRecord = async () =>
    (await trail.store.audit.query({ type: 'audit_gap_acknowledged' })).records.map(({ event }) => event['gap']);

  it('are on record with it: the ones that others have seen, and no others', async () => {
    const seen = await trail.headAt(4);
    const gap = await trail.lose(3, 5);
    expect((await acknowledge([seen])).code).toBe(0);
    expect(await gapsOnRecord()).toEqual([{ ...gap, seen: [{ sequence: 4, hash: seen.hash }] }]);
    expect(await verify(seen)).toMatchObject({ ok: true, acknowledged: [{ from: 3, to: 5 }] });
  });

  it('are no others: a record that was never lost there is missed', async () => {
    const seen = await trail.headAt(4);
    await trail.lose(3, 5);
    await acknowledge([seen]);
    for (const other of [
      { ...seen, hash: 'of another record' },
      { ...seen, sequence: 3, hash: 'of another record' },
      { ...seen, sequence: 5, hash: 'of another record' },
    ]) {
      expect(await verify(seen, other)).toMatchObject({
        ok: false,
        brokenAt: [{ sequence: other.sequence, gap: { from: 3, to: other.sequence, lost: other.hash } }],
      });
    }
  });

  it('are no others at the end of a chain, either', async () => {
    const ninth = await trail.database.selectFrom('audit_heads').selectAll().executeTakeFirstOrThrow();
    await trail.append(4);
    const [seen, last] = [await trail.headAt(11), await trail.headAt(13)];
    await trail.lose(10, 13);
    await trail.database.updateTable('audit_heads').set(ninth).where('writer', '=', trail.writer).execute();
    expect((await acknowledge([last])).code).toBe(0);
    expect(await verify(last)).toMatchObject({ ok: true, acknowledged: [{ from: 10, to: 13 }] });
    expect(await verify(last, { ...seen, hash: 'of another record' })).toMatchObject({ ok: false });
    expect(await verify(last, seen)).toMatchObject({ ok: false, brokenAt: [{ sequence: 11 }] });
    expect((await acknowledge([last, seen])).code).toBe(0);
    expect(await verify(last, seen)).toMatchObject({ ok: true });
  });

  it('are acknowledged by themselves when they turn up later', async () => {
    const seen = await trail.headAt(4);
    await trail.lose(3, 5);
    await acknowledge();
    expect(await verify(seen)).toMatchObject({ ok: false, brokenAt: [{ gap: { from: 3, to: 4, lost: seen.hash } }] });
    expect((await acknowledge([seen])).code).toBe(0);
    expect(await verify(seen)).toMatchObject({ ok: true, acknowledged: [{ to: 5 }, { to: 4 }] });
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('may be those that another chain has in its first record', async () => {
    await trail.reopen();
    await trail.append(1);
    await trail.lose(0, 9);
    await trail.loseHead();
    const other = await trail.open();
    await other.audit.append({ type: 'e' });
    await other.close();
    expect((await acknowledge()).code).toBe(0);
    expect(await verify()).toMatchObject({ ok: true });
  });

  it('may lie in a gap that was archived', async () => {
    const [seen, beside] = [await trail.headAt(2), await trail.headAt(4)];
    await trail.lose(2, 3);
    await acknowledge();
    await trail.archive('1');
    const options = { heads: [seen, beside], archives: [trail.file('1')] };
    expect(await trail.store.audit.verify(options)).toMatchObject({
      brokenAt: [{ sequence: 2, gap: { from: 2, to: 2, lost: seen.hash } }],
      brokenArchives: [],
    });
    expect((await acknowledge([seen, beside], ['1'])).code).toBe(0);
    expect(await trail.store.audit.verify(options)).toMatchObject({ ok: true });
  });

  it('are missed behind the record before them, also where that was archived', async () => {
    await trail.archive('1');
    const other = { writer: trail.writer, sequence: 3, hash: 'of another record' };
    const before = await trail.store.audit.verify({ heads: [other], archives: [trail.file('1')] });
    expect(before).toMatchObject({ brokenAt: [{ gap: { from: 3, to: 3, lost: other.hash } }] });
    expect((await acknowledge([other], ['1'])).code).toBe(0);
  });

  it.each([[[null]], [[{ sequence: '1', hash: '' }]], 'all'])(
    'that are %j count for nothing, nor does their acknowledgement',
    async (seen) => {
      const gap = await trail.lose(3, 5);
      const command = await trail.open();
      const event = { type: 'audit_gap_acknowledged', operator: 'anna', statedReason: 'none', gap: { ...gap, seen } };
      await command.audit.append(event as never);
      await command.close();
      expect(await verify()).toMatchObject({ ok: false, acknowledged: [] });
    },
  );
});
