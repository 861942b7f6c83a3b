import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RemoteIssuerKeys, type RemoteIssuerKeysOptions } from './remote-issuer-keys.js';
import { verifyAccessToken } from '../verification/verify-access-token.js';

/** An HTTP server whose answers a test can change, and which counts the requests for each path. */
class Origin {
  readonly requests: string[] = [];
  answer: RequestListener = (_request, response) => response.writeHead(404).end();
  readonly #server: Server = createServer((request, response) => {
    this.requests.push(request.url ?? '');
    this.answer(request, response);
  });

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  serve(document: unknown): void {
    this.answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  }

  serveByPath(documents: Record<string, unknown>): void {
    this.answer = (request, response) => {
      const document = documents[request.url ?? ''];
      if (document === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    };
  }

  fail(): void {
    this.answer = (_request, response) => response.writeHead(500).end();
  }
}

describe('RemoteIssuerKeys', () => {
  let origin: Origin;
  let issuer: TestIssuer;
  let now: number;

  beforeEach(async () => {
    origin = new Origin();
    await origin.start();
    issuer = await createTestIssuer();
    origin.serve(issuer.jwks);
    now = 1000;
  });
  afterEach(() => origin.stop());

  const remote = (options: Partial<RemoteIssuerKeysOptions> = {}) =>
    new RemoteIssuerKeys({
      issuer: issuer.issuer,
      jwksUri: `${origin.url}/jwks`,
      clock: () => now,
      ...options,
    });
  const headerOf = (from: TestIssuer) => ({ alg: 'ES256', kid: from.jwks.keys[0]!.kid });
  const verify = async (keys: RemoteIssuerKeys, from = issuer, header = {}) =>
    verifyAccessToken(await from.token({ iss: issuer.issuer, header }), {
      issuers: [{ ...issuer, keys }],
      audiences: ['service'],
    });

  describe('fetching', () => {
    it('fetches the keys once for concurrent tokens', async () => {
      const keys = remote();
      await Promise.all(Array.from({ length: 50 }, () => verify(keys)));
      expect(origin.requests).toEqual(['/jwks']);
    });

    it('serves kept keys and fetches early in the background, so that no request waits', async () => {
      const keys = remote();
      await keys.ready();
      now += 250;
      const unanswered: (() => void)[] = [];
      const arrived = new Promise<void>((resolve) => {
        origin.answer = (_request, response) => {
          unanswered.push(() => response.writeHead(200).end(JSON.stringify(issuer.jwks)));
          resolve();
        };
      });
      await expect(verify(keys)).resolves.toMatchObject({ subject: 'user' });
      await arrived;
      unanswered.forEach((answer) => answer());
      expect(origin.requests).toHaveLength(2);
    });

    it('accepts a removed key no longer than the maximum age', async () => {
      const keys = remote({ maxAge: 300 });
      await keys.ready();
      origin.serve((await createTestIssuer()).jwks);
      now += 239;
      await expect(verify(keys)).resolves.toBeDefined();
      now += 61;
      await expect(verify(keys)).rejects.toMatchObject({ code: 'unknown_key' });
    });

    it('does not follow redirects', async () => {
      origin.answer = (_request, response) => response.writeHead(302, { location: `${origin.url}/elsewhere` }).end();
      await expect(verify(remote())).rejects.toMatchObject({ name: 'KeysUnavailable' });
      expect(origin.requests).toEqual(['/jwks']);
    });

    it('gives up on an issuer that does not answer', async () => {
      origin.answer = () => undefined;
      await expect(verify(remote({ timeout: 50 }))).rejects.toMatchObject({ name: 'KeysUnavailable' });
    });

    it('drops a body over 64 KB while it arrives', async () => {
      let closed: Promise<unknown> | undefined;
      origin.answer = (_request, response) => {
        closed = once(response, 'close');
        response.writeHead(200);
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(16_384)));
        };
        response.on('drain', more);
        more();
      };
      await expect(verify(remote())).rejects.toMatchObject({
        name: 'KeysUnavailable',
        cause: { message: 'answered with more than 65536 bytes' },
      });
      await closed;
    });

    it.each([
      ['no JSON', 'keys'],
      ['no object', []],
      ['keys that are no list', { keys: {} }],
      ['an empty set', { keys: [] }],
      ['more than 100 keys', { keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) }],
      ['only a secret', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }],
      ['only a private key', { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] }],
      ['only a key for encryption', { keys: [{ kty: 'RSA', n: 'n', e: 'AQAB', use: 'enc' }] }],
      ['null', null],
    ])('takes a document with %s as an outage, not as an empty set', async (_case, document) => {
      const keys = remote();
      await keys.ready();
      now += 301;
      origin.serve(document);
      await expect(verify(keys)).resolves.toBeDefined();
      expect(origin.requests).toHaveLength(2);
    });

    it('leaves keys of other kinds out and uses the rest', async () => {
      const others = [{ kty: 'RSA', n: 'n', e: 'AQAB', use: 'enc', kid: 'enc' }, { kty: 'AKP', kid: 'pq' }, 7, null];
      origin.serve({ keys: [...others, ...issuer.jwks.keys] });
      await expect(verify(remote())).resolves.toBeDefined();
    });
  });

  describe('an unknown key', () => {
    it('is fetched, so that a rotation fails no request', async () => {
      const keys = remote();
      await keys.ready();
      const next = await createTestIssuer();
      origin.serve({ keys: [...issuer.jwks.keys, ...next.jwks.keys] });
      now += 30;
      await expect(Promise.all([verify(keys, next), verify(keys), verify(keys, next)])).resolves.toHaveLength(3);
      expect(origin.requests).toHaveLength(2);
    });

    it('10,000 random key ids in 60 seconds cause at most 2 fetches', async () => {
      const keys = remote();
      await keys.ready();
      origin.requests.length = 0;
      const refused: unknown[] = [];
      for (let i = 0; i < 10_000; i++) {
        if (i % 167 === 0) now += 1;
        await keys.find({ alg: 'ES256', kid: `random-${i}` }).catch((error: unknown) => refused.push(error));
      }
      expect(now).toBe(1060);
      expect(refused).toHaveLength(10_000);
      expect(refused.every((error) => (error as { code?: string }).code === 'unknown_key')).toBe(true);
      expect(origin.requests.length).toBeLessThanOrEqual(2);
      await expect(verify(keys)).resolves.toBeDefined();
    });

    it('causes at most 2 fetches in 60 seconds also while the issuer is down, and is an outage then', async () => {
      const keys = remote();
      await keys.ready();
      origin.requests.length = 0;
      origin.fail();
      now += 30;
      for (let i = 0; i < 1000; i++) {
        if (i % 17 === 0) now += 1;
        await expect(keys.find({ alg: 'ES256', kid: `random-${i}` })).rejects.toMatchObject({
          name: 'KeysUnavailable',
        });
      }
      expect(now).toBe(1089);
      expect(origin.requests.length).toBeLessThanOrEqual(2);
    });
  });

  describe('an outage', () => {
    it('is no bad token, says when to try again, and ends by itself', async () => {
      origin.fail();
      const keys = remote();
      await expect(verify(keys)).rejects.toMatchObject({ name: 'KeysUnavailable', retryAfter: 1 });
      origin.serve(issuer.jwks);
      now += 1;
      await expect(verify(keys)).resolves.toBeDefined();
    });

    it('backs off: attempts after 1, 2, 4, 8, 16 and then every 30 seconds', async () => {
      origin.fail();
      const keys = remote();
      const attempts: number[] = [];
      for (; now < 1100; now++) {
        const before = origin.requests.length;
        await expect(keys.ready()).rejects.toMatchObject({ name: 'KeysUnavailable' });
        if (origin.requests.length > before) attempts.push(now - 1000);
      }
      expect(attempts).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
    });

    it('leaves kept keys in use for one hour and not longer', async () => {
      const keys = remote();
      await keys.ready();
      origin.fail();
      now += 3600;
      await expect(verify(keys)).resolves.toBeDefined();
      now += 1;
      await expect(verify(keys)).rejects.toMatchObject({ name: 'KeysUnavailable' });
      origin.serve(issuer.jwks);
      now += 30;
      await expect(verify(keys)).resolves.toBeDefined();
    });
  });

  describe('discovery', () => {
    const metadata = (more: Record<string, unknown> = {}) => ({
      issuer: origin.url,
      jwks_uri: `${origin.url}/jwks`,
      ...more,
    });
    const discovering = (path = '') => remote({ issuer: `${origin.url}${path}`, jwksUri: undefined });
    const find = (keys: RemoteIssuerKeys) => keys.find(headerOf(issuer));

    it('reads jwks_uri from the OpenID configuration, once', async () => {
      origin.serveByPath({ '/.well-known/openid-configuration': metadata(), '/jwks': issuer.jwks });
      const keys = discovering();
      await expect(find(keys)).resolves.toBeDefined();
      now += 301;
      await expect(find(keys)).resolves.toBeDefined();
      expect(origin.requests).toEqual(['/.well-known/openid-configuration', '/jwks', '/jwks']);
    });

    it('appends the well-known part to an issuer with a path, also when it ends in a slash', async () => {
      origin.serveByPath({
        '/realms/demo/.well-known/openid-configuration': metadata({ issuer: `${origin.url}/realms/demo/` }),
        '/jwks': issuer.jwks,
      });
      await expect(find(discovering('/realms/demo/'))).resolves.toBeDefined();
    });

    it(
      requirement(
        'RFC8414-3.1-path',
        'the well-known URI string is inserted between the host and the path of the issuer',
      ),
      async () => {
        origin.serveByPath({
          '/.well-known/oauth-authorization-server/tenant': metadata({ issuer: `${origin.url}/tenant` }),
          '/jwks': issuer.jwks,
        });
        await expect(find(discovering('/tenant'))).resolves.toBeDefined();
      },
    );

    it('reads both documents where the first does not tell of the keys', async () => {
      origin.serveByPath({
        '/.well-known/openid-configuration': metadata({ jwks_uri: undefined }),
        '/.well-known/oauth-authorization-server': metadata(),
        '/jwks': issuer.jwks,
      });
      await expect(find(discovering())).resolves.toBeDefined();
    });

    it('asks again when the keys have moved', async () => {
      origin.serveByPath({ '/.well-known/openid-configuration': metadata(), '/jwks': issuer.jwks });
      const keys = discovering();
      await find(keys);
      const next = await createTestIssuer();
      origin.serveByPath({
        '/.well-known/openid-configuration': metadata({ jwks_uri: `${origin.url}/moved` }),
        '/moved': next.jwks,
      });
      now += 301;
      await find(keys);
      now += 30;
      await expect(keys.find(headerOf(next))).resolves.toBeDefined();
      expect(origin.requests.slice(2)).toEqual(['/jwks', '/.well-known/openid-configuration', '/moved']);
    });

    it.each([
      [
        `names another issuer: ${requirement('RFC8414-3.3-issuer', 'if the issuer values are not identical, the data contained in the response MUST NOT be used')}`,
        { issuer: 'https://other.test' },
        'the metadata names the issuer ',
      ],
      ['names no issuer', { issuer: undefined }, 'the metadata names the issuer '],
      ['has no jwks_uri', { jwks_uri: undefined }, 'the metadata has no jwks_uri'],
      ['has a jwks_uri that is no URL', { jwks_uri: '/jwks' }, 'the jwks_uri of the metadata is no URL'],
    ])('metadata that %s is not used', async (_case, more, message) => {
      origin.serve(metadata(more));
      await expect(find(discovering())).rejects.toMatchObject({
        name: 'KeysUnavailable',
        cause: { message: expect.stringContaining(message) as unknown },
      });
    });

    it('does not take the keys of an https issuer over http', async () => {
      const answer = { issuer: 'https://issuer.test', jwks_uri: 'http://issuer.test/jwks' };
      const keys = remote({
        issuer: 'https://issuer.test',
        jwksUri: undefined,
        fetch: () => Promise.resolve(Response.json(answer)),
      });
      await expect(find(keys)).rejects.toMatchObject({
        cause: { message: 'the jwks_uri of an https issuer is not https' },
      });
    });
  });
});
