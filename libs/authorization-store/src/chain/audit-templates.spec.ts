import { describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { sql } from 'kysely';
import type { ForwardedRecord } from '../audit/forwarding/audit-receiver.js';
import { finishSteps } from '../database/schema/migrate.js';
import { trailForEach } from '../verification/audit-trail.fixture.js';
import { AuditTemplates } from './audit-templates.js';

const databases = await testDatabases();
/** Records that are whole before their template is stored. */
const WHOLE = 16;
const LONG_AGO = Math.floor(Date.now() / 1000) - 2 * 86_400;

describe.each(databases)('what audit records have in common, on $name', (kind) => {
  const trail = trailForEach(kind, 0);
  let told = 0;
  const event = () => ({
    type: 'token_exchange',
    outcome: 'issued',
    subject: `user-${told++ % 3}`,
    issuedTokenId: `token-${told}`,
    subjectTokenId: `parent-${told}`,
    traceId: `trace-${told}`,
    time: 1_796_000_000 + told,
    clientId: 'user-service',
  });
  const append = async (count: number, to = trail.store) => {
    const events = Array.from({ length: count }, event);
    for (const each of events) await to.audit.append(each);
    return events;
  };
  const stored = () =>
    trail.database.selectFrom('audit_records').selectAll().orderBy('at').orderBy('sequence').execute();
  /** Appends until records are short; nobody waits for the template, so there may be some more that are whole. */
  const appendUntilShort = async (to = trail.store) => {
    const events = [];
    const shortOf = trail.database
      .selectFrom('audit_records')
      .select('sequence')
      .where('writer', '=', to.audit.writer)
      .where('template', 'is not', null)
      .orderBy('sequence', 'desc');
    const before = (await shortOf.execute()).length;
    while ((await shortOf.execute()).length === before) events.push(...(await append(1, to)));
    return events;
  };
  const shortened = async () => (await stored()).filter(({ template }) => template !== null).length;
  const templates = () => trail.database.selectFrom('audit_templates').selectAll().execute();

  it('is stored once, after as many records as make it worth it', async () => {
    await append(WHOLE);
    expect(await shortened()).toBe(0);
    await appendUntilShort();
    await append(4);
    expect(await shortened()).toBe(5);
    const [template, ...others] = await templates();
    expect(others).toEqual([]);
    expect(template?.text).toContain('"clientId":"user-service"');
    expect((await stored()).at(-1)?.event).toMatch(/^\d+$/);
  });

  it('is shared by replicas, and each makes sure that it is there', async () => {
    await appendUntilShort();
    const other = await trail.open();
    await appendUntilShort(other);
    await other.close();
    expect(await templates()).toHaveLength(1);
    expect(await shortened()).toBe(2);
  });

  it('makes no difference to whoever reads the trail', async () => {
    const events = [...(await appendUntilShort()), ...(await append(3))];
    const { records } = await trail.store.audit.query({});
    expect(records.slice(0, -1).map((record) => record.event)).toEqual(events.toReversed());
    const exported: unknown[] = [];
    for await (const record of trail.store.audit.export()) exported.push(record.event);
    expect(exported.slice(1)).toEqual(events);
    const last = events.at(-1)!;
    const found = await trail.store.audit.query({ jti: last.issuedTokenId });
    expect(found.records.map((record) => record.event)).toEqual([last]);
    expect((await trail.store.audit.find(trail.writer, events.length))?.event).toEqual(last);
    expect((await trail.store.audit.tree(last.traceId)).nodes.map(({ record }) => record.event)).toEqual([last]);
    expect(await trail.verify()).toMatchObject({ ok: true, records: events.length + 1 });
  });

  it('reaches receivers and archives with each record', async () => {
    const forwarded: string[] = [];
    const all = Promise.withResolvers<void>();
    const events = [...(await appendUntilShort()), ...(await append(3))].map((each) => JSON.stringify(each));
    const receiver = {
      accept: (records: readonly ForwardedRecord[]) => {
        forwarded.push(...records.map(({ eventText }) => eventText));
        if (forwarded.length > events.length) all.resolve();
        return Promise.resolve();
      },
    };
    const observer = { forwarded: () => {}, refused: () => {}, stalled: () => {}, resumed: () => {} };
    trail.store.forwardAudit({ receiver, observer, interval: 10 });
    await all.promise;
    expect(forwarded.slice(1)).toEqual(events);
    await trail.archive('a.jsonl');
    expect(await trail.verify('a.jsonl')).toMatchObject({ ok: true });
  });

  it('is noticed when it was changed, as a changed event is', async () => {
    const { length } = await appendUntilShort();
    await append(1);
    await sql`update audit_templates set text = replace(text, 'user-service', 'evil-service')`.execute(trail.database);
    expect(await trail.verify()).toMatchObject({
      ok: false,
      brokenAt: [{ sequence: length, reason: 'the record does not match its hash' }],
    });
  });

  it('is noticed when it is gone', async () => {
    const { length } = await appendUntilShort();
    await append(1);
    await trail.database.deleteFrom('audit_templates').execute();
    expect(await trail.verify()).toMatchObject({ ok: false, brokenAt: [{ sequence: length }] });
  });

  it('hides no other record, and none from receivers, when it is gone', async () => {
    const stalled = Promise.withResolvers<Error>();
    const { length } = await appendUntilShort();
    const kept = await templates();
    await trail.database.deleteFrom('audit_templates').execute();
    const { records } = await trail.store.audit.query({});
    expect(records).toHaveLength(length + 1);
    expect(records[0]?.event).toEqual({ type: 'token_exchange', unreadable: expect.stringMatching(/^\d+$/) });
    expect(records[1]?.event).toMatchObject({ clientId: 'user-service' });
    expect((await trail.store.audit.find(trail.writer, length))?.event).toMatchObject({ type: 'token_exchange' });
    const forwarded: string[] = [];
    const all = Promise.withResolvers<void>();
    const accept = (batch: readonly ForwardedRecord[]) => {
      forwarded.push(...batch.map(({ eventText }) => eventText));
      if (forwarded.length > length) all.resolve();
      return Promise.resolve();
    };
    const observer = { forwarded: () => {}, refused: () => {}, stalled: stalled.resolve, resumed: () => {} };
    trail.store.forwardAudit({ receiver: { accept }, observer, interval: 10 });
    expect((await stalled.promise).message).toBe(
      `the record ${length} of the chain ${trail.writer} cannot be read; see audit-verify`,
    );
    await trail.database.insertInto('audit_templates').values(kept).execute();
    await all.promise;
    expect(forwarded.at(-1)).toContain('"clientId":"user-service"');
  });

  it('is not relied on where the database has lost it: nothing is recorded that cannot be read', async () => {
    await appendUntilShort();
    await trail.database.updateTable('audit_records').set({ template: null }).execute();
    await trail.database.deleteFrom('audit_templates').execute();
    await expect(append(1)).rejects.toThrow('The audit record could not be written');
    await appendUntilShort();
    expect(await templates()).toHaveLength(1);
    expect(await shortened()).toBe(1);
  });

  if (kind.name === 'PostgreSQL') {
    it('is waited for by nobody', async () => {
      await trail.database.transaction().execute(async (transaction) => {
        await sql`lock table audit_templates in share mode`.execute(transaction);
        await append(WHOLE + 1);
        const { rows } = await sql`select 1 from pg_locks
          where relation = 'audit_templates'::regclass and not granted`.execute(transaction);
        expect(rows).toHaveLength(1);
      });
    });
  }

  it('is stored when the process ends', async () => {
    const other = await trail.open();
    await append(WHOLE, other);
    await other.close();
    expect(await templates()).toHaveLength(1);
  });

  it('is left out while versions that cannot read it may share the database, until that is over', async () => {
    await sql`update schema_migrations set compatible_from = 1`.execute(trail.database);
    await trail.reopen();
    await append(WHOLE + 2);
    expect(await templates()).toEqual([]);
    expect(await finishSteps(trail.database)).toEqual(['0038-audit-templates']);
    expect(await finishSteps(trail.database)).toEqual([]);
    await trail.reopen();
    await appendUntilShort();
    await append(1);
    expect(await shortened()).toBe(2);
    expect(await trail.verify()).toMatchObject({ ok: true });
  });

  it('goes with the archive of the last record that uses it, unless a process may still know it', async () => {
    await appendUntilShort();
    await trail.archive('a.jsonl');
    expect(await templates()).toHaveLength(1);
    await trail.database.updateTable('audit_templates').set({ stored_at: LONG_AGO }).execute();
    await trail.append(1);
    await trail.archive('b.jsonl');
    expect(await templates()).toEqual([]);
    expect(await trail.verify('a.jsonl', 'b.jsonl')).toMatchObject({ ok: true });
  });

  it('stays while a record uses it', async () => {
    await appendUntilShort();
    await trail.database.updateTable('audit_templates').set({ stored_at: LONG_AGO }).execute();
    const before = Date.now() + 1;
    while (Date.now() < before);
    await append(1);
    const command = await trail.open();
    await command.audit.archive({ before, out: trail.file('a.jsonl') }).finally(() => command.close());
    expect(await shortened()).toBe(1);
    expect(await templates()).toHaveLength(1);
  });

  describe('as a process knows it', () => {
    const row = (text: string) => ({
      ...{ writer: 'w', sequence: 1, previous_hash: '', hash: '', at: 0, type: 't', event: JSON.stringify({ text }) },
      ...{ subject: null, jti: null, parent_jti: null, trace_id: null, outcome: null, client_id: null, actor: null },
    });
    const see = async (known: AuditTemplates, text: string) => {
      for (let times = 0; times < WHOLE; times += 1) known.shortened(row(text));
      await known.store();
    };

    it('is believed for an hour, and stored anew then', async () => {
      let uptime = 0;
      const known = new AuditTemplates(trail.database, () => uptime);
      await see(known, 'a');
      expect(known.shortened(row('a')).template).toEqual(expect.any(Number));
      await trail.database.deleteFrom('audit_templates').execute();
      uptime = 3600;
      expect(known.shortened(row('a')).template).toBeUndefined();
      await known.store();
      expect(await templates()).toHaveLength(1);
      expect(known.shortened(row('a')).template).toEqual(expect.any(Number));
    });

    it('is not used where another one has its number', async () => {
      const known = new AuditTemplates(trail.database);
      await see(known, 'a');
      await trail.database.updateTable('audit_templates').set({ text: 'another' }).execute();
      const other = new AuditTemplates(trail.database);
      await see(other, 'a');
      expect(other.shortened(row('a')).template).toBeUndefined();
    });

    it('is made sure of again after what may have lost it', async () => {
      let uptime = 0;
      const known = new AuditTemplates(trail.database, () => uptime++);
      await see(known, 'a');
      known.forget();
      expect(known.shortened(row('a')).template).toBeUndefined();
      await known.store();
      expect(known.shortened(row('a')).template).toEqual(expect.any(Number));
    });

    it('is one of a bounded number, until one of them is not used any more', async () => {
      let uptime = 0;
      const known = new AuditTemplates(trail.database, () => uptime);
      for (let index = 0; index < 1000; index += 1) await see(known, `t${String.fromCodePoint(0x4e00 + index)}`);
      await see(known, 'one more');
      expect(known.shortened(row('one more')).template).toBeUndefined();
      expect(await templates()).toHaveLength(1000);
      uptime = 3600;
      await see(known, 'one more');
      expect(known.shortened(row('one more')).template).toEqual(expect.any(Number));
    }, 30_000);

    it('is looked at again when it could not be stored', async () => {
      const known = new AuditTemplates(trail.database);
      await sql`alter table audit_templates rename to away`.execute(trail.database);
      await see(known, 'a');
      await sql`alter table away rename to audit_templates`.execute(trail.database);
      expect(known.shortened(row('a')).template).toBeUndefined();
      await see(known, 'a');
      expect(known.shortened(row('a')).template).toEqual(expect.any(Number));
    });
  });
});
