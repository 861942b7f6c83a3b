import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createTestIssuer, startTestServer, type TestServer } from '@onbehalf/testing';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import type { Clocks } from './expiry.js';
import type { SharedCache, SharedCacheOptions } from './shared-cache.js';

/** A store of its own process, as far as the client can tell. */
class MapStore implements SharedCache {
  readonly values = new Map<string, string>();
  readonly seconds: number[] = [];
  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(key));
  }
  set(key: string, value: string, seconds: number): Promise<void> {
    this.values.set(key, value);
    this.seconds.push(seconds);
    return Promise.resolve();
  }
  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.values.delete(key));
  }
}

const encryptionKey = randomBytes(32);

async function withServer(work: (server: TestServer) => Promise<void>): Promise<void> {
  const issuer = await createTestIssuer();
  const server = await startTestServer(async () => ({
    body: {
      access_token: await issuer.token(),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'message.read',
    },
  }));
  await work(server).finally(() => server.close());
}

function replica(server: TestServer, shared: SharedCacheOptions, clocks?: Clocks): TokenExchangeService {
  return new TokenExchangeService({
    tokenEndpoint: `${server.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    cache: { shared },
    ...(clocks && { clocks }),
  });
}

const subject = { subjectToken: 'subject', audience: 'message-service' };

describe('shared cache', () => {
  it('serves a second replica without an exchange, with all that the first one knew', () =>
    withServer(async (server) => {
      const store = new MapStore();
      const first = await replica(server, { store, encryptionKey }).exchange(subject);
      const second = replica(server, { store, encryptionKey: encryptionKey.toString('base64') });
      const obtained = await second.obtain(subject);
      expect(obtained.origin).toBe('shared');
      expect(obtained.token.token).toBe(first.token);
      expect(obtained.token).toMatchObject({ tokenType: 'Bearer', scopes: ['message.read'], expiresIn: 300 });
      expect((await second.obtain(subject)).origin).toBe('hit');
      expect(server.requests).toHaveLength(1);
      expect(store.seconds).toEqual([290]);
      expect(second.cacheMetrics()).toMatchObject({ sharedHits: 1, sharedErrors: 0 });
    }));

  it('a token that has aged in the store is reused for the rest of its life only', () =>
    withServer(async (server) => {
      let now = 1_800_000_000;
      const clocks = { wall: () => now, monotonic: () => now * 1000 };
      const shared = { store: new MapStore(), encryptionKey };
      await replica(server, shared, clocks).exchange(subject);
      now += 200;
      const second = replica(server, shared, clocks);
      expect((await second.obtain(subject)).origin).toBe('shared');
      now += 89;
      expect((await second.obtain(subject)).origin).toBe('hit');
      now += 1;
      expect((await second.obtain(subject)).origin).toBe('exchanged');
    }));

  it('a replica whose clock is behind does not reuse a token for longer than it was good for', () =>
    withServer(async (server) => {
      let now = 1_800_000_000;
      const shared = { store: new MapStore(), encryptionKey };
      const right = { wall: () => now, monotonic: () => now * 1000 };
      const behind = { wall: () => now - 3600, monotonic: () => now * 1000 };
      await replica(server, shared, right).exchange(subject);
      const second = replica(server, shared, behind);
      expect((await second.obtain(subject)).origin).toBe('shared');
      now += 290;
      expect((await second.obtain(subject)).origin).not.toBe('hit');
    }));

  it('holds no token in the clear: neither exchanged nor subject, in value or key', () =>
    withServer(async (server) => {
      const store = new MapStore();
      const { token } = await replica(server, { store, encryptionKey }).exchange(subject);
      const [[key, value] = ['', '']] = store.values;
      for (const text of [key, value, Buffer.from(value, 'base64url').toString('latin1')]) {
        expect(text).not.toContain(token.split('.')[2]);
        expect(text).not.toContain('subject');
        expect(text).not.toContain('message');
      }
    }));

  it.each([
    ['moved from one key to another', (value: string) => value, true],
    ['changed by one bit', (value: string) => flipLastBit(value), false],
    ['cut short', (value: string) => value.slice(0, 20), false],
    ['no sealed value at all', () => '{"token":"forged"}', false],
    ['empty', () => '', false],
  ])('a value that was %s is a miss, never an answer', (_case, change, move) =>
    withServer(async (server) => {
      const store = new MapStore();
      await replica(server, { store, encryptionKey }).exchange(subject);
      await replica(server, { store, encryptionKey }).exchange({ ...subject, subjectToken: 'other' });
      const [one, other] = [...store.values];
      if (move) store.values.set(other![0], one![1]);
      else store.values.set(other![0], change(other![1]));
      const obtained = await replica(server, { store, encryptionKey }).obtain({ ...subject, subjectToken: 'other' });
      expect(obtained.origin).toBe('exchanged');
    }),
  );

  it('a rotated key still opens what the previous one sealed, a foreign key opens nothing', () =>
    withServer(async (server) => {
      const store = new MapStore();
      await replica(server, { store, encryptionKey }).exchange(subject);
      const rotated = { store, encryptionKey: randomBytes(32), previousKeys: [encryptionKey] };
      expect((await replica(server, rotated).obtain(subject)).origin).toBe('shared');
      const foreign = { store, encryptionKey: randomBytes(32) };
      expect((await replica(server, foreign).obtain(subject)).origin).toBe('exchanged');
    }));

  it.each([
    ['fails', () => Promise.reject(new Error('store down'))],
    ['hangs', () => new Promise<never>(() => undefined)],
    [
      'throws at once',
      () => {
        throw new Error('store down');
      },
    ],
  ])('a store that %s costs an exchange, not the call', (_case, answer) =>
    withServer(async (server) => {
      const store: SharedCache = { get: answer, set: answer, delete: answer };
      const service = replica(server, { store, encryptionKey, timeout: 20 });
      expect((await service.obtain(subject)).origin).toBe('exchanged');
      expect((await service.obtain(subject)).origin).toBe('hit');
      expect(service.cacheMetrics().sharedErrors).toBeGreaterThan(0);
    }),
  );

  it('a downstream 401 removes the token from the store as well, before the second attempt', () =>
    withServer(async (server) => {
      const store = new MapStore();
      await replica(server, { store, encryptionKey }).exchange(subject);
      const tokens: unknown[] = [];
      const downstream = await startTestServer(({ headers }) => {
        tokens.push(headers.authorization);
        return tokens.length === 1 ? { status: 401 } : { body: 'hello' };
      });
      const second = replica(server, { store, encryptionKey });
      const definition = { name: 'messages', baseUrl: downstream.url, audience: 'message-service' };
      expect(await onBehalfOf('subject', () => second.downstream(definition).get('/'))).toBe('hello');
      expect(new Set(tokens).size).toBe(2);
      expect(server.requests).toHaveLength(2);
      await downstream.close();
    }));

  it('logout removes what this replica has put into the store', () =>
    withServer(async (server) => {
      const store = new MapStore();
      const service = replica(server, { store, encryptionKey });
      await service.exchange(subject);
      await service.forget('subject');
      expect(store.values.size).toBe(0);
    }));

  it.each([['too short'], [randomBytes(16)], [randomBytes(33)], ['']])('a key of another size stops the start', (key) =>
    withServer((server) => {
      expect(() => replica(server, { store: new MapStore(), encryptionKey: key })).toThrow(
        /encryptionKey is "\(hidden\)"; accepted: 32 random bytes/,
      );
      return Promise.resolve();
    }),
  );
});

function flipLastBit(value: string): string {
  const bytes = Buffer.from(value, 'base64url');
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString('base64url');
}
