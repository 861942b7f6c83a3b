import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabases } from '@onbehalf/testing-internal';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import type { AuthorizationStore } from '../authorization-store.js';
import { openStore } from '../open-store.js';

const databases = await testDatabases();
const encryptionKeys = [Buffer.alloc(32, 1).toString('base64')];
const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const jwks = { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] };

describe.each(databases)('oidc-provider on the store, on $name', (kind) => {
  let store: AuthorizationStore;
  let provider: Provider;
  let server: Server;
  beforeEach(async () => {
    store = await openStore({ url: await kind.database(), encryptionKeys });
    provider = new Provider('http://localhost', {
      adapter: store.providerAdapter,
      jwks,
      clients: [
        {
          client_id: 'app',
          client_secret: 'secret',
          redirect_uris: ['http://localhost:8080/callback'],
          grant_types: ['authorization_code', 'refresh_token'],
          id_token_signed_response_alg: 'ES256',
        },
      ],
      clientAuthMethods: ['client_secret_basic'],
      cookies: { keys: ['key'] },
      features: { devInteractions: { enabled: false } },
      enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
      ttl: { Grant: 60, RefreshToken: 60, AccessToken: 60, IdToken: 60 },
      rotateRefreshToken: true,
      findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    });
    server = createServer((request, response) => void provider.callback()(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    await store.close();
  });
  afterAll(() => kind.stop());

  async function issueRefreshToken(): Promise<string> {
    const client = await provider.Client.find('app');
    const grant = new provider.Grant({ accountId: 'baeldung', clientId: 'app' });
    grant.addOIDCScope('openid offline_access');
    const grantId = await grant.save();
    const members = {
      accountId: 'baeldung',
      client,
      grantId,
      gty: 'authorization_code',
      scope: 'openid offline_access',
    };
    return new provider.RefreshToken({ ...members, authTime: 1 } as never).save();
  }

  async function refresh(token: string): Promise<{ status: number; error?: string; refresh_token?: string }> {
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('app:secret').toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  }

  it('RFC 9700 §4.14.2: a refresh token is rotated once, however many requests bring it at the same time', async () => {
    const token = await issueRefreshToken();
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 200);
    expect(refused.every(({ status, error }) => status === 400 && error === 'invalid_grant')).toBe(true);
  });

  it('RFC 9700 §4.14.2: a rotated refresh token that is used again ends the whole family', async () => {
    const first = await issueRefreshToken();
    const second = (await refresh(first)).refresh_token as string;
    expect(await refresh(first)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await refresh(second)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  it('RFC 7523 §3: of many concurrent uses of a jti the provider lets one through', async () => {
    const models = provider as unknown as {
      ReplayDetection: { unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> };
    };
    const expiresAt = Math.floor(Date.now() / 1000) + 60;
    const use = () => models.ReplayDetection.unique('client', 'jti', expiresAt).catch(() => false);
    const uses = await Promise.all(Array.from({ length: 20 }, use));
    expect(uses.filter((first) => first)).toHaveLength(1);
  });

  it('a session that was found by its uid can be saved and destroyed under its own id', async () => {
    const session = new provider.Session();
    session.loginAccount({ accountId: 'baeldung' });
    await session.save(60);
    const found = await provider.Session.findByUid(session.uid);
    expect(found?.jti).toBe(session.jti);
    await found?.destroy();
    expect(await provider.Session.find(session.jti)).toBeUndefined();
  });
});
