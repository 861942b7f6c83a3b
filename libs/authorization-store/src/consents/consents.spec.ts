import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewConsent } from '@onbehalf/authorization-ports';
import { testDatabases } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];

describe.each(databases)('consents on $name', (kind) => {
  let now = 1_000_000;
  let url: string;
  let store: AuthorizationStore;
  const open = () => openStore({ url, encryptionKeys, clock: () => now, sweepInterval: 0 });
  beforeEach(async () => {
    url = await kind.database();
    store = await open();
  });
  afterEach(() => store.close());
  afterAll(() => kind.stop());

  const consent = (more: Partial<NewConsent> = {}): NewConsent => ({
    subject: 'ada',
    subjectLife: 1,
    clientId: 'site',
    clientLife: 2,
    kind: 'remembered',
    scopes: [{ scope: 'openid' }, { scope: 'note', audience: 'notes' }],
    grantId: 'G',
    grantExpiresAt: now + 1000,
    expiresAt: now + 1000,
    ...more,
  });
  const given = { type: 'consent', outcome: 'accepted', subject: 'ada', clientId: 'site' };
  const withdrawn = { type: 'consent_withdrawn', outcome: 'accepted', subject: 'ada', clientId: 'site' };
  const give = (more: Partial<NewConsent> = {}) => store.consents.give(consent(more), given);
  const scopes = async (life = 1) => (await store.consents.of('ada', life)).map(({ scope }) => scope);
  const token = (jti: string, more: object = {}) =>
    store.tokens.record({ jti, clientId: 'site', subject: 'ada', audiences: ['a'], expiresAt: now + 300, ...more });

  it('are of one life of the user, and told with that of the client', async () => {
    await give();
    const times = { since: now, expiresAt: now + 1000 };
    const shared = { clientId: 'site', clientLife: 2, kind: 'remembered', grantId: 'G', ...times };
    expect(await store.consents.of('ada', 1)).toEqual([
      { ...shared, scope: 'openid' },
      { ...shared, scope: 'note', audience: 'notes' },
    ]);
    expect(await scopes(2)).toEqual([]);
  });

  it('keep since when they stand while they are renewed, and begin anew in another life', async () => {
    const first = now;
    await give();
    now += 10;
    await give({ scopes: [{ scope: 'openid' }, { scope: 'profile' }], expiresAt: now + 1000 });
    const since = async () =>
      Object.fromEntries((await store.consents.of('ada', 1)).map((each) => [each.scope, each.since]));
    expect(await since()).toEqual({ openid: first, note: first, profile: now });
    await give({ clientLife: 3, scopes: [{ scope: 'openid' }] });
    expect((await since())['openid']).toBe(now);
  });

  it('tell the grant that came of them last, so that what is issued under it ends with them', async () => {
    await give();
    await give({ grantId: 'H', scopes: [{ scope: 'openid' }] });
    const grants = async () => (await store.consents.of('ada', 1)).map(({ scope, grantId }) => [scope, grantId]);
    expect(await grants()).toEqual([
      ['openid', 'H'],
      ['note', 'G'],
    ]);
    for (const grantId of ['G', 'H']) await token(`of ${grantId}`, { grantId, parentJti: 'login' });
    await token('below', { parentJti: 'of G', clientId: 'service' });
    await store.consents.withdraw('ada', 'site', withdrawn);
    const { tokens } = await store.tokens.revokedSince();
    expect(tokens.map(({ jti }) => jti).sort()).toEqual(['below', 'of G', 'of H']);
  });

  it('are forgotten when their time is over, and swept with their grants', async () => {
    await give();
    now += 1000;
    expect(await scopes()).toEqual([]);
    now += 1000;
    expect(await store.sweep()).toBe(3);
  });

  it('end with every grant that came of them: refresh tokens, tokens, and what was exchanged from these', async () => {
    await give();
    await give({ kind: 'operator', grantId: 'H' });
    await give({ clientId: 'other', grantId: 'O' });
    const refresh = store.providerAdapter('RefreshToken');
    for (const grantId of ['G', 'H', 'O']) {
      await store.providerAdapter('Grant').upsert(grantId, {}, 1000);
      await refresh.upsert(`refresh ${grantId}`, { grantId }, 1000);
      await token(`of ${grantId}`, { grantId, ...(grantId === 'O' && { clientId: 'other' }) });
    }
    await token('exchanged', { parentJti: 'of G', clientId: 'service' });
    await token('of a grant that nobody knows', { grantId: 'old' });
    expect([...((await store.consents.withdraw('ada', 'site', withdrawn)) ?? [])].sort()).toEqual(['G', 'H', 'old']);
    expect((await store.consents.of('ada', 1)).map(({ clientId }) => clientId)).toEqual(['other', 'other']);
    const left = ['G', 'H', 'O'].map((grantId) => refresh.find(`refresh ${grantId}`));
    expect((await Promise.all(left)).map(Boolean)).toEqual([false, false, true]);
    expect(await store.providerAdapter('Grant').find('G')).toBeUndefined();
    const { tokens } = await store.tokens.revokedSince();
    expect(tokens.map(({ jti }) => jti).sort()).toEqual(['exchanged', 'of G', 'of H', 'of a grant that nobody knows']);
    // what is issued at the same time is caught
    expect(await token('late', { grantId: 'G' })).toBe(false);
    const { records } = await store.audit.query({ type: 'consent_withdrawn', subject: 'ada', client: 'site' });
    expect(records).toHaveLength(1);
  });

  it('that nobody gave are not withdrawn, and nothing is recorded', async () => {
    expect(await store.consents.withdraw('ada', 'site', withdrawn)).toBeUndefined();
    expect((await store.audit.query({ type: 'consent_withdrawn' })).records).toEqual([]);
  });

  it.each([
    ['user', 'ada'],
    ['client', 'site'],
  ] as const)('end with the life of their %s', async (party, id) => {
    const member = { kind: party, id, enabled: true };
    await store.registrations.settle(0, () => [member], true);
    await give();
    await give({ subject: 'eve', clientId: 'other', grantId: 'E' });
    await store.registrations.apply([], () => [{ ...member, enabled: false }]);
    expect(await scopes()).toEqual([]);
    expect(await store.consents.of('eve', 1)).toHaveLength(2);
  });

  it('given at once on two replicas add up', async () => {
    const isShared = kind.name === 'PostgreSQL';
    const replica = isShared ? await open() : store;
    const others = Array.from({ length: 10 }, (_, i) => ({ scopes: [{ scope: `s${i}` }], grantId: `G${i}` }));
    await Promise.all(others.map((more, i) => (i % 2 === 0 ? store : replica).consents.give(consent(more), given)));
    expect(await scopes()).toHaveLength(10);
    if (isShared) await replica.close();
  });
});
