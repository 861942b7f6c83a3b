import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing';
import { randomUUID } from 'node:crypto';
import type { AuthorizationStore } from './authorization-store.js';
import { openStore } from './open-store.js';
import type { TokenRecord } from './token-record.js';

const databases = await testDatabases();
afterAll(() => Promise.all(databases.map((database) => database.stop())));

describe.each(databases)('tokens that are recorded at once, on $name', (kind) => {
  let store: AuthorizationStore;
  beforeAll(async () => {
    store = await openStore({ url: await kind.database(), encryptionKeys: [Buffer.alloc(32, 1).toString('base64')] });
  });
  afterAll(() => store.close());

  const token = (jti: string): TokenRecord => ({
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
});
