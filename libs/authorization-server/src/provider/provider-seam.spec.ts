import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { errors, Provider, type KoaContextWithOIDC } from 'oidc-provider';
import { KeySet } from '../keys/key-set.js';
import { toProviderKeys } from './provider-keys.js';
import {
  checkBeforeUse,
  clientOf,
  contextAt,
  prepareIdTokens,
  replaceReplayDetection,
  refuseAtTokenEndpoint,
  replaceSecretComparison,
} from './provider-seam.js';

const store = await openStore({ url: 'sqlite::memory:' });
const ISSUER = 'https://issuer.test';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What an upgrade of oidc-provider must keep. */
describe('the parts of oidc-provider that are not public', () => {
  let provider: Provider;
  let key: CryptoKey;
  const used = new Map<string, number>();

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    key = pair.privateKey;
    provider = new Provider(ISSUER, {
      adapter: store.providerAdapter,
      ttl: { AuthorizationCode: 60, RefreshToken: 60, IdToken: 60 },
      jwks: toProviderKeys((await KeySet.generate()).keys).jwks,
      cookies: { keys: ['a'.repeat(32)] },
      features: { devInteractions: { enabled: false }, introspection: { enabled: true } },
      clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
      clients: [{ client_id: 'secret', client_secret: 's', redirect_uris: ['https://client.test/callback'] }],
    });
    await store.providerAdapter('Client').upsert('keyed', {
      client_id: 'keyed',
      redirect_uris: ['https://client.test/callback'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [await exportJWK(pair.publicKey)] },
    });
    replaceReplayDetection(provider, {
      use: (id, expiresAt) => {
        const isFirst = !used.has(id);
        used.set(id, expiresAt);
        return Promise.resolve(isFirst);
      },
    });
    replaceSecretComparison(provider, (clientId, secret) => `${clientId}-${secret}` === 'secret-right');
  });

  beforeEach(() => used.clear());
  afterAll(() => store.close());

  it('ReplayDetection.unique is replaced: a key that cannot be ambiguous, kept for as long as a proof counts', async () => {
    const detection = provider.ReplayDetection as unknown as { unique(...args: unknown[]): Promise<boolean> };
    expect(await detection.unique('a', 'b', 1000)).toBe(true);
    expect(await detection.unique('a', 'b', 1000)).toBe(false);
    expect([...used]).toEqual([['["a","b"]', 1300]]);
  });

  it.each(['AuthorizationCode', 'RefreshToken'] as const)(
    '%s.consume waits, and is not reached when refused',
    async (name) => {
      let refusal: Error | undefined = new Error('not now');
      checkBeforeUse(provider, () => (refusal ? Promise.reject(refusal) : Promise.resolve()));
      const client = (await provider.Client.find('secret'))!;
      const model = provider[name] as typeof provider.RefreshToken;
      const token = new model({ client, accountId: 'a', grantId: 'g', gty: 'authorization_code', scope: 'openid' });
      const value = await token.save();
      const isUsed = async (): Promise<boolean> => (await model.find(value))?.consumed !== undefined;
      await expect(token.consume()).rejects.toThrow('not now');
      expect(await isUsed()).toBe(false);
      refusal = undefined;
      await token.consume();
      expect(await isUsed()).toBe(true);
    },
  );

  it('IdToken.issue carries what is set before, and nothing but ID tokens waits', async () => {
    const prepared: unknown[] = [];
    prepareIdTokens(provider, (token) => {
      prepared.push(token);
      token.set('jti', 'one');
      return Promise.resolve();
    });
    const client = (await provider.Client.find('secret'))!;
    Object.assign(client, { idTokenSignedResponseAlg: 'ES256' });
    const idToken = new provider.IdToken({ sub: 'a' }, { client });
    Object.assign(idToken, { scope: 'openid', mask: {}, rejected: [] });
    const [, payload = ''] = (await idToken.issue({ use: 'idtoken' })).split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ jti: 'one', aud: 'secret' });
    await idToken.issue({ use: 'logout' });
    expect(prepared).toEqual([idToken]);
  });

  describe('client authentication outside of its routes', () => {
    const authenticate = async (headers: Record<string, string>, parameters: Record<string, unknown>) => {
      let outcome: Promise<unknown> | undefined;
      const server = createServer((request: IncomingMessage, response: ServerResponse) => {
        outcome = clientOf(contextAt('introspection', provider, request, response, parameters));
        outcome.catch(() => undefined).finally(() => response.end());
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
      server.close();
      return outcome;
    };
    const assertion = (audience: string): Promise<string> =>
      new SignJWT({ iss: 'keyed', sub: 'keyed', aud: audience, jti: 'j' })
        .setExpirationTime('1m')
        .setProtectedHeader({ alg: 'ES256' })
        .sign(key);
    const basic = (secret: string) => ({
      authorization: `Basic ${Buffer.from(`secret:${secret}`).toString('base64')}`,
    });

    it('knows secrets by the comparison that was put in place', async () => {
      expect(await authenticate(basic('right'), {})).toMatchObject({ clientId: 'secret' });
      await expect(authenticate(basic('s'), {})).rejects.toMatchObject({ error: 'invalid_client' });
      await expect(authenticate({}, {})).rejects.toMatchObject({ error: 'invalid_request' });
    });

    it('knows assertions, once', async () => {
      const parameters = { client_assertion_type: ASSERTION_TYPE, client_assertion: await assertion(ISSUER) };
      expect(await authenticate({}, { ...parameters })).toMatchObject({ clientId: 'keyed' });
      await expect(authenticate({}, { ...parameters })).rejects.toMatchObject({ error: 'invalid_client' });
    });
  });

  describe('a refusal as of its token endpoint', () => {
    const told: object[] = [];
    /** The request as it was when it was refused, and the provider's own context of it. */
    const refuse = async (secret: string, error: Error): Promise<Response> => {
      const server = createServer((request, response) => {
        const began = contextAt('token', provider, request, response, { grant_type: 'own' });
        began.state['seen'] = true;
        const ctx = provider.createContext(request, response) as KoaContextWithOIDC;
        clientOf(began)
          .then(() => Promise.reject(error))
          .catch((reason: unknown) => refuseAtTokenEndpoint(ctx, began, reason))
          .then(
            () => response.writeHead(ctx.status).end(JSON.stringify(ctx.body)),
            () => response.destroy(),
          );
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const authorization = `Basic ${Buffer.from(`secret:${secret}`).toString('base64')}`;
      const { port } = server.address() as AddressInfo;
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: { authorization } });
      server.close();
      return response;
    };

    beforeAll(
      () =>
        void provider.on('grant.error', (ctx, { message }) => {
          const { route, params, client } = ctx.oidc;
          told.push({ message, route, params, client: client?.clientId, seen: ctx.state['seen'] as unknown });
        }),
    );
    beforeEach(() => void (told.length = 0));

    const known = { route: 'token', params: { grant_type: 'own' }, client: 'secret', seen: true };

    it('is the error of the authentication, with its challenge, and is not stored', async () => {
      const response = await refuse('wrong', new Error('not reached'));
      expect([response.status, await response.json()]).toMatchObject([401, { error: 'invalid_client' }]);
      expect(response.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(told).toEqual([{ message: 'invalid_client', ...known }]);
    });

    it('is the error that is thrown later, and all that is known of the request is told', async () => {
      const response = await refuse('right', new errors.InvalidTarget('unknown'));
      expect([response.status, await response.json()]).toEqual([
        400,
        { error: 'invalid_target', error_description: 'unknown' },
      ]);
      expect(told).toEqual([{ message: 'invalid_target', ...known }]);
    });
  });
});
