import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditUnavailable, type IssuedTokenRecord } from '@onbehalf/authorization-ports';
import { testDatabases } from '@onbehalf/testing-internal';
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { AuthorizationStore } from '../authorization-store.js';
import { parseStoreUrl } from '../database/address/store-url.js';
import { connect, openStore } from '../open-store.js';
import { excludeInsertions, EXCLUDING_REVOCATIONS } from './revocation-lock.js';

const databases = await testDatabases();
afterAll(() => Promise.all(databases.map((database) => database.stop())));

describe.each(databases)('tokens that are recorded at once, on $name', (kind) => {
  let store: AuthorizationStore;
  let url: string;
  beforeAll(async () => {
    // the one in memory has a single connection
    url =
      kind.name === 'SQLite'
        ? `sqlite:${join(mkdtempSync(join(tmpdir(), 'records-')), 'store.db')}`
        : await kind.database();
    store = await openStore({ url, encryptionKeys: [Buffer.alloc(32, 1).toString('base64')] });
  });
  afterAll(() => store.close());

  const token = (jti: string): IssuedTokenRecord => ({
    jti,
    clientId: 'client',
    subject: 'user',
    audiences: ['service'],
    expiresAt: Date.now() / 1000 + 300,
  });

  it('are each in the index when their record resolves', async () => {
    const ids = Array.from({ length: 250 }, () => randomUUID());
    const found = ids.map(async (jti) => {
      expect(await store.tokens.record(token(jti))).toBe(true);
      return store.tokens.find(jti);
    });
    expect((await Promise.all(found)).map((record) => record?.jti)).toEqual(ids);
  });

  it('do not fail with the one that is refused', async () => {
    const taken = randomUUID();
    await store.tokens.record(token(taken));
    const ids = [randomUUID(), taken, randomUUID()];
    const outcomes = await Promise.allSettled(ids.map((jti) => store.tokens.record(token(jti))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.tokens.find(ids[2]!)).toBeDefined();
  });

  it('stay out of the index without their parent’s revocation being overlooked', async () => {
    const parent = randomUUID();
    await store.tokens.record(token(parent));
    const children = Array.from({ length: 20 }, () => ({ ...token(randomUUID()), parentJti: parent }));
    const [, ...outcomes] = await Promise.all([
      store.tokens.revoke(parent),
      ...children.map((child) => store.tokens.record(child)),
    ]);
    for (const [index, issued] of outcomes.entries()) {
      // whether it left or not: it is revoked now
      expect([issued, await store.tokens.isRevoked(children[index]!.jti)]).toEqual([issued, true]);
    }
  });

  describe('an issued token and its audit event', () => {
    const eventsOf = async (jti: string) => (await store.audit.query({ jti })).records.map(({ event }) => event);

    it('become durable together', async () => {
      const jti = randomUUID();
      const event = { type: 'token_exchange', outcome: 'issued', issuedTokenId: jti };
      expect(await store.recordIssued(token(jti), event)).toBe(true);
      expect(await store.tokens.standing(jti)).toEqual({ known: true, revoked: false });
      expect(await eventsOf(jti)).toEqual([event]);
    });

    it('are refused together when what the token derives from was revoked meanwhile, and others are not', async () => {
      const parent = randomUUID();
      await store.tokens.record(token(parent));
      await store.tokens.revoke(parent);
      const [late, other] = [randomUUID(), randomUUID()];
      const outcomes = await Promise.all([
        store.recordIssued({ ...token(late), parentJti: parent }, { issuedTokenId: late }),
        store.recordIssued(token(other), { issuedTokenId: other }),
      ]);
      expect(outcomes).toEqual([false, true]);
      expect(await eventsOf(late)).toEqual([]);
      expect(await eventsOf(other)).toHaveLength(1);
      expect(await store.tokens.standing(late)).toEqual({ known: true, revoked: true });
      expect(await store.audit.verify()).toMatchObject({ ok: true });
    });

    it('leave the trail as it was when all of them are refused', async () => {
      const parent = randomUUID();
      await store.tokens.record(token(parent));
      await store.tokens.revoke(parent);
      const late = { ...token(randomUUID()), parentJti: parent };
      expect(await store.recordIssued(late, { issuedTokenId: late.jti })).toBe(false);
      const next = token(randomUUID());
      expect(await store.recordIssued(next, { issuedTokenId: next.jti })).toBe(true);
      expect(await store.audit.verify()).toMatchObject({ ok: true });
    });

    it('wait for a mark that is being made, and see it', async () => {
      const parent = randomUUID();
      await store.tokens.record(token(parent));
      const child = { ...token(randomUUID()), parentJti: parent };
      const database = connect(parseStoreUrl(url));
      let settled = false;
      const issued = await database.transaction().execute(async (transaction) => {
        await excludeInsertions(transaction, kind.name === 'SQLite' ? 'sqlite' : 'postgres');
        await transaction
          .insertInto('revocation_marks')
          .values({ kind: 'token', key: ` ${parent}`, marked_at: Date.now(), expires_at: Date.now(), applied_at: 1 })
          .execute();
        const waiting = store.recordIssued(child, { issuedTokenId: child.jti }).finally(() => (settled = true));
        await setTimeout(300);
        expect(settled).toBe(false);
        return { waiting };
      });
      expect(await issued.waiting).toBe(false);
      expect(await eventsOf(child.jti)).toEqual([]);
      await database.destroy();
    });

    it('are neither of them written when one is refused by the database', async () => {
      const taken = randomUUID();
      await store.tokens.record(token(taken));
      const lost = store.recordIssued(token(taken), { issuedTokenId: taken });
      await expect(lost).rejects.toThrow(AuditUnavailable);
      expect(await eventsOf(taken)).toEqual([]);
    });
  });

  it('a revocation waits for tokens that are being inserted, and takes them', async () => {
    const [parent, child] = [randomUUID(), randomUUID()];
    await store.tokens.record(token(parent));
    const database = connect(parseStoreUrl(url));
    let settled = false;
    const { waiting } = await database.transaction().execute(async (transaction) => {
      const row = { ...store.tokens.row({ ...token(child), parentJti: parent }), root_iss: '', root_jti: parent };
      if (kind.name === 'PostgreSQL') await EXCLUDING_REVOCATIONS.execute(transaction);
      await transaction.insertInto('tokens').values(row).execute();
      const waiting = store.tokens.revoke(parent).finally(() => (settled = true));
      await setTimeout(300);
      expect(settled).toBe(false);
      return { waiting };
    });
    await waiting;
    expect(await store.tokens.standing(child)).toEqual({ known: true, revoked: true });
    await database.destroy();
  });

  it('a revocation that was cut off after its mark holds for every descendant', async () => {
    const [root, child, grandchild] = [randomUUID(), randomUUID(), randomUUID()];
    await store.tokens.record(token(root));
    await store.tokens.record({ ...token(child), parentJti: root });
    const database = connect(parseStoreUrl(url));
    const mark = { kind: 'token' as const, key: ` ${root}`, marked_at: Date.now(), expires_at: Date.now() };
    await database.insertInto('revocation_marks').values(mark).execute();
    expect(await store.tokens.isRevoked(child)).toBe(true);
    expect(await store.tokens.record({ ...token(grandchild), parentJti: child })).toBe(false);
    await database.deleteFrom('revocation_marks').where('key', '=', ` ${root}`).execute();
    await database.destroy();
  });
});
