import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { compareReadme, testDatabases } from '@onbehalf/testing-internal';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
// #region store
import { openStore } from '@onbehalf/authorization-store';

const open = (url: string, encryptionKeys: string[]) =>
  openStore({
    url, // postgres://onbehalf@db/onbehalf, or sqlite:var/auth-server.db, or sqlite::memory:
    encryptionKeys, // 32 bytes each in base64: openssl rand -base64 32
    issuer: 'https://login.example.com',
  });
// #endregion

const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const configuration = {
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ['key'] },
};
const databases = await testDatabases();

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

describe.each(databases)('the store of the README on $name', (kind) => {
  afterAll(() => kind.stop());

  it('does what the example says', async () => {
    const store = await open(await kind.database(), [Buffer.alloc(32, 1).toString('base64')]);
    const issuer = 'https://login.example.com';
    const expiresAt = Math.floor(Date.now() / 1000) + 300;
    const [jti, parentJti] = [randomUUID(), randomUUID()];
    // #region use
    const token = { clientId: 'user-service', subject: 'baeldung', audiences: ['message-service'], expiresAt };

    const provider = new Provider(issuer, { ...configuration, adapter: store.providerAdapter });
    const first = await store.replay.use(JSON.stringify([issuer, jti]), expiresAt); // false: a replay
    const leaves = await store.tokens.record({ ...token, jti: parentJti }); // false: must not leave
    await store.audit.append({ type: 'login', subject: 'baeldung' });
    const event = { type: 'token_exchange', outcome: 'issued', subject: 'baeldung' };
    const issued = await store.recordIssued({ ...token, jti, parentJti }, event); // both, in one commit
    // #endregion
    expect([first, leaves, issued]).toEqual([true, true, true]);
    expect(await store.replay.use(JSON.stringify([issuer, jti]), expiresAt)).toBe(false);
    expect(await store.tokens.find(jti)).toMatchObject({ parentJti, rootJti: parentJti });
    expect(provider.issuer).toBe(issuer);
    await store.close();
  });
});
