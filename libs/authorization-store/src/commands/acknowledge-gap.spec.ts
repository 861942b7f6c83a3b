import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { StoreCommandOptions } from '../store-command.js';
import { trailForEach } from '../verification/audit-trail.fixture.js';

const databases = await testDatabases();
const WHO = { by: 'anna', reason: 'the standby lagged behind' };

describe.each(databases)('audit-acknowledge-gap on $name', (kind) => {
  const trail = trailForEach(kind, 9);

  const acknowledge = (options: Partial<StoreCommandOptions> = {}) =>
    trail.run('audit-acknowledge-gap', { ...WHO, ...options });

  it('are told by a dry run, acknowledged by a record, and told by every verification from then on', async () => {
    const gap = await trail.lose(3, 5);
    expect(await trail.run('audit-verify')).toEqual({
      code: 1,
      lines: [`broken at writer ${trail.writer}, record 3: records 3 to 5 are missing`],
    });
    expect(await trail.run('audit-acknowledge-gap', { dryRun: true })).toEqual({
      code: 1,
      lines: [
        `would be acknowledged: ${trail.writer}/3-5: records 3 to 5, after the record with the hash ${gap.after}; the last one had the hash ${gap.lost}`,
      ],
    });
    expect((await trail.run('audit-verify')).code).toBe(1);
    expect((await acknowledge()).code).toBe(0);
    const { records } = await trail.store.audit.query({ type: 'audit_gap_acknowledged' });
    expect(records.map(({ event }) => event)).toEqual([
      { type: 'audit_gap_acknowledged', outcome: 'accepted', operator: WHO.by, statedReason: WHO.reason, gap },
    ]);
    const { code, lines } = await trail.run('audit-verify');
    expect({ code, lines }).toEqual({
      code: 0,
      lines: [
        'the audit trail is whole but for 1 acknowledged gap: 9 records of 2 writers',
        `acknowledged ${trail.writer}/3-5: records 3 to 5 of the chain are gone, says anna on ${records[0]!.at}: ${WHO.reason}`,
      ],
    });
    expect(await acknowledge()).toEqual({ code: 0, lines });
  });

  it('are chosen by their names; a name that is none is refused', async () => {
    await trail.lose(3, 5);
    await trail.lose(7, 7);
    await expect(acknowledge({ only: [`${trail.writer}/3-6`] })).rejects.toThrow(
      `the gap is "${trail.writer}/3-6"; accepted: ${trail.writer}/3-5, ${trail.writer}/7-7`,
    );
    expect((await acknowledge({ only: [`${trail.writer}/7-7`] })).code).toBe(1);
    expect(await trail.store.audit.verify()).toMatchObject({
      brokenAt: [{ sequence: 3 }],
      acknowledged: [{ from: 7 }],
    });
    expect((await acknowledge()).code).toBe(0);
    expect(await trail.store.audit.verify()).toMatchObject({ ok: true, acknowledged: [{ from: 3 }, { from: 7 }] });
  });

  it('are all that can be acknowledged: what was edited is told, and stays broken', async () => {
    await trail.lose(3, 5);
    await trail.database.updateTable('audit_records').set({ at: 1 }).where('sequence', '=', 7).execute();
    const { code, lines } = await acknowledge();
    expect(code).toBe(1);
    const reason = `broken at writer ${trail.writer}, record 7: the record does not match its hash`;
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
    await trail.lose(3, 5);
    await expect(acknowledge({ [name]: value })).rejects.toThrow(`--${name}`);
    expect((await trail.run('audit-verify')).code).toBe(1);
  });
});
