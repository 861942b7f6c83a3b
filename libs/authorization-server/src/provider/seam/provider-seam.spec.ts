import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { Provider, type KoaContextWithOIDC } from 'oidc-provider';
// @ts-expect-error it has no types
import untyped from 'oidc-provider/lib/response_modes/form_post.js';
import { KeySet } from '../../keys/key-set.js';
import { toProviderKeys } from '../provider-keys.js';
import { spellResources } from '../resources/spell-resources.js';
import {
  acceptAnyAssertionAudience,
  announceGrant,
  changeParameters,
  nameSessions,
  prepareIdTokens,
  replaceReplayDetection,
  replaceSecretComparison,
  wrapGrantHandler,
} from './provider-seam.js';
import { clientOf, contextAt, selfSubmittingForm, withBody, within } from './request-seam.js';

const formPost = untyped as (ctx: KoaContextWithOIDC, action: string, inputs: object) => void;
const store = await openStore({ url: 'sqlite::memory:' });
const { jwks } = toProviderKeys((await KeySet.generate()).keys);
const ISSUER = 'https://issuer.test';
const basic = (secret: string) => ({
  authorization: `Basic ${Buffer.from(`secret:${secret}`).toString('base64')}`,
});
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
      jwks,
      cookies: { keys: ['a'.repeat(32)] },
      features: { devInteractions: { enabled: false }, introspection: { enabled: true } },
      clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
      clients: [
        {
          client_id: 'secret',
          client_secret: 's',
          redirect_uris: ['https://client.test/callback'],
          grant_types: ['authorization_code', 'refresh_token'],
        },
      ],
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

  const freshProvider = (): Provider =>
    new Provider(ISSUER, {
      adapter: store.providerAdapter,
      jwks,
      cookies: { keys: ['a'.repeat(32)] },
      features: { devInteractions: { enabled: false } },
    });

  beforeEach(() => used.clear());
  afterAll(() => store.close());

  it('ReplayDetection.unique is replaced: a key that cannot be ambiguous, kept for as long as a proof counts', async () => {
    const detection = provider.ReplayDetection as unknown as { unique(...args: unknown[]): Promise<boolean> };
    expect(await detection.unique('a', 'b', 1000)).toBe(true);
    expect(await detection.unique('a', 'b', 1000)).toBe(false);
    expect([...used]).toEqual([['["a","b"]', 1300]]);
  });

  it('OIDCContext.params is read wherever a request has parameters, and can be changed before', () => {
    const fresh = freshProvider();
    changeParameters(fresh, (parameters) => spellResources(parameters, (indicator) => indicator.toLowerCase()));
    const read = (resource: string | string[] | undefined): unknown => {
      const params = Object.assign(Object.create(fresh.OIDCContext.prototype) as { params: object }, {
        params: { resource },
      }).params;
      return (params as { resource: unknown }).resource;
    };
    expect([read('urn:A'), read(['urn:A', 'urn:a', 'urn:B']), read(undefined)]).toEqual([
      'urn:a',
      ['urn:a', 'urn:b'],
      undefined,
    ]);
  });

  it('OIDCContext.clientJwtAuthExpectedAudience refuses no assertion', () => {
    const fresh = freshProvider();
    acceptAnyAssertionAudience(fresh);
    expect(fresh.OIDCContext.prototype.clientJwtAuthExpectedAudience().has('https://anybody.test')).toBe(true);
  });

  it.each(['authorization_code', 'refresh_token'])(
    'the handler of %s is wrapped, and reads its request',
    async (grant) => {
      const reached: unknown[] = [];
      wrapGrantHandler(provider, grant, (handle) => async (ctx) => {
        reached.push(grant);
        await handle(ctx);
      });
      const handle = provider.callback();
      const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from('secret:right').toString('base64')}` },
        body: new URLSearchParams({ grant_type: grant }),
      });
      server.close();
      expect(await response.json()).toMatchObject({ error: 'invalid_request' });
      expect(reached).toEqual([grant]);
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

  describe('a request that is answered before it', () => {
    it('is the one of Provider.ctx, while it is worked on', async () => {
      const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
      const [request, response] = await (async () => {
        await once(server, 'listening');
        const asked = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
        void fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`).catch(() => undefined);
        return asked;
      })();
      const ctx = contextAt('token', provider, request, response, {});
      const seen = await within(ctx, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return Provider.ctx;
      });
      expect([seen, Provider.ctx]).toEqual([ctx, undefined]);
      server.close();
    });

    it('reaches it whole, if it is its own after all', async () => {
      const handle = provider.callback();
      const server = createServer((request, response) => {
        void buffer(request).then((body) => handle(withBody(request, body), response));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const content = Readable.from([
        'grant_type=',
        'authorization_code&code=a&redirect_uri=https%3A%2F%2Fclient.test',
      ]);
      const response = await fetch(`http://127.0.0.1:${port}/token`, {
        method: 'POST',
        body: Readable.toWeb(content) as ReadableStream,
        duplex: 'half',
        headers: { ...basic('right'), 'content-type': 'application/x-www-form-urlencoded' },
      } as RequestInit);
      expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
      server.close();
    });
  });

  it('a form that submits itself is found in its answer, and is told from its other pages', () => {
    const ctx = { response: { get: () => '' } } as never as KoaContextWithOIDC;
    formPost(ctx, 'https://client.test/callback?a=1&b=2', { code: '"><b>', state: 's' });
    expect(selfSubmittingForm(ctx)).toEqual({
      action: 'https://client.test/callback?a=1&amp;b=2',
      inputs: expect.stringMatching(
        /^<input [^>]*name="code" value="&quot;&gt;&lt;b&gt;"\/>\s+<input [^>]*value="s"\/>$/,
      ) as unknown as string,
    });
    for (const body of ['<form method="post" action="a"></form>', { error: 'invalid_request' }, undefined]) {
      expect(selfSubmittingForm({ body } as KoaContextWithOIDC)).toBeUndefined();
    }
  });

  it('every client is told the session', async () => {
    const client = (await provider.Client.find('secret'))! as unknown as { includeSid(): unknown };
    expect(client.includeSid()).toBeFalsy();
    nameSessions(provider);
    expect(client.includeSid()).toBe(true);
  });

  it('a grant that is answered before it is one of those that clients may have', async () => {
    announceGrant(provider, 'urn:test:grant');
    await store.providerAdapter('Client').upsert('announced', {
      client_id: 'announced',
      client_secret: 's',
      redirect_uris: [],
      response_types: [],
      grant_types: ['urn:test:grant'],
    });
    expect((await provider.Client.find('announced'))?.grantTypeAllowed('urn:test:grant')).toBe(true);
  });
});
