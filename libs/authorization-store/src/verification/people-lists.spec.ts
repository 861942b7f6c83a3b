import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { trailForEach } from './audit-trail.fixture.js';

const databases = await testDatabases();
const HOUR = 3_600_000;

describe.each(databases)('lists that people are told from, on $name', (kind) => {
  const trail = trailForEach(kind, 1);
  const exchange = (clientId: string, told: object = {}) =>
    trail.store.audit.append({
      type: 'token_exchange',
      outcome: 'issued',
      clientId,
      subject: 'alice',
      subjectLife: 2,
      ...told,
    });
  const begin = (begun: number | null, life = 2) =>
    trail.database.insertInto('lives').values({ kind: 'user', id: 'alice', life, begun_at: begun }).execute();

  it('are whole when each client of the records is in them', async () => {
    await exchange('a');
    await exchange('b');
    await exchange('c', { outcome: 'rejected' });
    await exchange('d', { subjectLife: undefined });
    await begin(Date.now());
    expect(await trail.verify()).toMatchObject({ ok: true });
  });

  it('lack a client that somebody has taken out of the database', async () => {
    await exchange('a');
    await exchange('b');
    await exchange('b');
    const { sequence } = await exchange('b', { subject: 'bob' });
    const { numDeletedRows } = await trail.database
      .deleteFrom('used_clients')
      .where('client_id', '=', 'b')
      .executeTakeFirst();
    expect(numDeletedRows).toBe(2n);
    const place = { writer: trail.writer, code: 'used_client_missing' };
    expect(await trail.verify()).toMatchObject({
      ok: false,
      brokenAt: [
        { ...place, sequence: sequence - 2, reason: 'b is not among the clients that alice has used' },
        { ...place, sequence, reason: 'b is not among the clients that bob has used' },
      ],
    });
    expect(await trail.run('audit-verify')).toMatchObject({
      code: 1,
      lines: [
        expect.stringMatching(/: used_client_missing: b is not among the clients that alice has used$/),
        expect.stringMatching(/: used_client_missing: b is not among the clients that bob has used$/),
      ],
    });
  });

  it('lack what was before a life that is said to begin later', async () => {
    const { sequence } = await exchange('a');
    await exchange('a', { subject: 'bob' });
    await begin(Date.now() + 2 * HOUR);
    expect(await trail.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ sequence, code: 'life_begins_too_late', reason: 'the account alice is said to begin after it' }],
    });
  });

  it.each([
    ['clocks of replicas differ', Date.now() + HOUR / 2, 2],
    ['it is not known when a life began', null, 2],
    ['another life has begun since', Date.now() + 2 * HOUR, 3],
  ])('are whole when %s', async (_name, begun, life) => {
    await exchange('a');
    await begin(begun, life);
    expect(await trail.verify()).toMatchObject({ ok: true });
  });

  it('are told of for twenty people at most', async () => {
    for (let index = 0; index < 30; index += 1) await exchange('a', { subject: `user-${index}` });
    await trail.database.deleteFrom('used_clients').execute();
    const { brokenAt } = (await trail.verify()) as { brokenAt?: unknown[] };
    expect(brokenAt).toHaveLength(20);
  });

  it('are not asked about records that were archived', async () => {
    await exchange('a');
    await trail.archive('1');
    await trail.database.deleteFrom('used_clients').execute();
    expect(await trail.verify('1')).toMatchObject({ ok: true });
  });
});
