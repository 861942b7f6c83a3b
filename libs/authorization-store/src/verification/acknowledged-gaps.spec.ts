import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import type { StoreCommandOptions } from '../store-command.js';
import type { AuditGap } from './audit-gap.js';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();
const WHO = { by: 'anna', reason: 'the standby lagged behind' };

describe.each(databases)('acknowledged gaps of the audit trail on $name', (kind) => {
  const trail = trailForEach(kind, 9);

  const acknowledge = (options: Partial<StoreCommandOptions> = {}) =>
    trail.run('audit-acknowledge-gap', { ...WHO, ...options });
  const chainOfAcknowledgement = async (): Promise<string> => {
    const { records } = await trail.store.audit.query({ type: 'audit_gap_acknowledged' });
    return records[0]!.writer;
  };

  it.each<[string, (gap: AuditGap) => Promise<unknown>]>([
    ['the record before it is gone, too', ({ from }) => trail.lose(from - 1, from - 1)],
    ['the record behind it is gone, too', ({ to }) => trail.lose(to + 1, to + 1)],
    ['other records of the chain are gone', () => trail.lose(8, 8)],
    ['the end of the chain is gone', () => trail.lose(9, 9)],
    [
      'the record behind it was changed',
      ({ to }) =>
        trail.database
          .updateTable('audit_records')
          .set({ at: 1 })
          .where('sequence', '=', to + 1)
          .execute(),
    ],
    [
      'the acknowledgement was changed',
      () =>
        trail.database
          .updateTable('audit_records')
          .set({ event: '{"type":"audit_gap_acknowledged"}' })
          .where('type', '=', 'audit_gap_acknowledged')
          .execute(),
    ],
    ['the record before the acknowledgement is gone', async () => trail.lose(0, 0, await chainOfAcknowledgement())],
    [
      'the chain of the acknowledgement has no head',
      async () =>
        trail.database
          .deleteFrom('audit_heads')
          .where('writer', '=', await chainOfAcknowledgement())
          .execute(),
    ],
    [
      'the chain of the acknowledgement has a head that nobody has sealed',
      async () =>
        trail.database
          .updateTable('audit_heads')
          .set({ seal: 'forged' })
          .where('writer', '=', await chainOfAcknowledgement())
          .execute(),
    ],
  ])('are broken again when %s', async (_name, change) => {
    const gap = await trail.lose(3, 5);
    await acknowledge();
    await change(gap);
    const verification = await trail.store.audit.verify();
    expect(verification.ok).toBe(false);
  });

  it('do not grow: what is lost beside one has to be acknowledged by itself', async () => {
    await trail.lose(3, 5);
    await acknowledge();
    await trail.lose(6, 6);
    const { code, lines } = await trail.run('audit-verify');
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [`broken at writer ${trail.writer}, record 3: records 3 to 6 are missing`],
    });
  });

  it('at the end of a chain stay acknowledged when it goes on', async () => {
    await trail.lose(8, 9);
    expect((await acknowledge()).code).toBe(0);
    await trail.append(1);
    expect(await trail.store.audit.verify()).toMatchObject({ ok: true, acknowledged: [{ from: 8, to: 9 }] });
  });

  it('of a whole chain that another one has seen are acknowledged', async () => {
    await trail.reopen();
    await trail.append(1);
    await trail.lose(0, 9);
    await trail.loseHead();
    const { lines } = await acknowledge({ dryRun: true });
    expect(lines).toEqual([expect.stringContaining(`${trail.writer}/0-9: records 0 to 9, from its beginning;`)]);
    expect((await acknowledge()).code).toBe(0);
    expect(await trail.store.audit.verify()).toMatchObject({
      ok: true,
      acknowledged: [{ writer: trail.writer, from: 0, to: 9 }],
    });
  });

  it('that took the first record away do not hide what it had seen', async () => {
    await trail.reopen();
    await trail.append(1);
    await trail.lose(0, 0, trail.store.audit.writer);
    await acknowledge();
    // the chain of the command has seen what that record had
    await trail.lose(0, 9);
    await trail.loseHead();
    expect(await trail.store.audit.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ writer: trail.writer, sequence: 9 }],
    });
  });
});
