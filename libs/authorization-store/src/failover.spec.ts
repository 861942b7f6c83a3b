import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, rowsOf, startPostgres, WITH_PASSWORD, type TestStandby } from '@onbehalf/testing-internal';
import type { AuthorizationStore } from './authorization-store.js';
import { openStore, type StoreOptions } from './open-store.js';

const encryptionKeys = [randomBytes(32).toString('base64')];
const postgres = await startPostgres({ own: true });
const { standby: follow } = postgres ?? {};

/** A port that accepts connections and says nothing, as a machine that is gone behind a firewall. */
const silent = createServer();

const hostOf = (url: string): string => new URL(url).host;
const newPassword = (): string => `p@ss:w,/?#${randomBytes(9).toString('base64')}`;

(follow ? describe : describe.skip)('PostgreSQL', () => {
  let standby: TestStandby;
  const stores: AuthorizationStore[] = [];

  beforeAll(async () => {
    standby = await follow!();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await standby.stop();
    await postgres?.stop();
    silent.close();
  });

  async function open(url: string, more: Partial<StoreOptions> = {}): Promise<AuthorizationStore> {
    const store = await openStore({ url, encryptionKeys, timeout: 1, sweepInterval: 0, ...more });
    stores.push(store);
    return store;
  }

  /** The servers of a schema of its own, in this order. */
  async function address(...servers: readonly string[]): Promise<string> {
    const { search } = new URL(await postgres!.database());
    return `postgres://postgres@${servers.join(',')}/postgres${search}`;
  }

  /** The standby follows at its own pace: waits until it has what the first server has by now. */
  async function caughtUp(): Promise<void> {
    const [{ at }] = (await rowsOf(postgres!.url, 'select pg_current_wal_lsn() as at')) as [{ at: string }];
    while ((await rowsOf(standby.url, `select 1 where pg_last_wal_replay_lsn() >= '${at}'`)).length === 0);
  }

  describe('whose role has a password', () => {
    const role = async (password: string): Promise<void> =>
      execute(postgres!.url, `alter role ${WITH_PASSWORD} password '${password}'`);
    let file: string | Error;
    const password = (): string => {
      if (file instanceof Error) throw file;
      return file;
    };
    /** Every connection is a new one. */
    const reconnect = (): Promise<void> =>
      execute(
        postgres!.url,
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${WITH_PASSWORD}'`,
      );

    async function guarded(first: string): Promise<AuthorizationStore> {
      file = first;
      await role(first);
      const url = new URL(await address(hostOf(postgres!.url)));
      url.username = WITH_PASSWORD;
      return open(url.href, { password });
    }

    /** Connections that were cut tell so once. */
    async function works(store: AuthorizationStore): Promise<boolean> {
      await reconnect();
      for (let round = 0; round < 20; round += 1) {
        const failed = await store.audit.append({ type: 'login' }).then(
          () => undefined,
          (error: Error) => error,
        );
        if (!failed) return true;
      }
      return false;
    }

    beforeAll(() => execute(postgres!.url, `create role ${WITH_PASSWORD} superuser login`));

    it('lets in with the new one once the file has it, whichever was changed first', async () => {
      const [first, second, third] = [newPassword(), newPassword(), newPassword()];
      const store = await guarded(first);
      await role(second);
      expect(await works(store)).toBe(false);
      file = second;
      expect(await works(store)).toBe(true);
      // the other way round: the old one lets in until the role has the new one
      file = third;
      expect(await works(store)).toBe(true);
      await role(third);
      expect(await works(store)).toBe(true);
    });

    it('lets in with the one that it had while the file is being replaced', async () => {
      const store = await guarded(newPassword());
      file = new Error('ENOENT');
      expect(await works(store)).toBe(true);
    });

    it('is an outage while the password is refused, and no mistake of the request', async () => {
      const store = await guarded(newPassword());
      await role(newPassword());
      expect(await works(store)).toBe(false);
      await expect(store.check()).rejects.toMatchObject({ name: 'StoreUnavailable', code: '28P01' });
    });

    it('says at the start that it is refused, without the password', async () => {
      await role(newPassword());
      const [wrong, url] = [newPassword(), new URL(await address(hostOf(postgres!.url)))];
      url.username = WITH_PASSWORD;
      const refusal = (await open(url.href, { password: () => wrong }).catch((error: unknown) => error)) as Error;
      expect(refusal.message).toContain(`password authentication failed for user "${WITH_PASSWORD}"`);
      expect(refusal.message).not.toContain(wrong);
    });
  });

  it('is found behind a standby, a server that is down and one that does not answer', async () => {
    const dead = '127.0.0.1:1';
    const hanging = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const store = await open(await address(hostOf(standby.url), dead, hanging, hostOf(postgres!.url)));
    await store.audit.append({ type: 'login' });
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  });

  it('that takes no writes is refused where the address asks for one that does', async () => {
    const url = `${standby.url}?target_session_attrs=read-write`;
    await expect(open(url)).rejects.toThrow('The database is not available: the server takes no writes');
    const both = standby.url.replace(/@[^/]+/, `@${hostOf(standby.url)},127.0.0.1:1`);
    await expect(open(both)).rejects.toThrow(
      /^The database is not available: 127\.0\.0\.1:\d+: the server takes no writes; 127\.0\.0\.1:1: connect ECONNREFUSED/,
    );
  });

  // the last one: the first server is gone then
  it('that is promoted is found by itself when the first is gone, and cursors begin anew', async () => {
    const url = await address(hostOf(postgres!.url), hostOf(standby.url));
    const store = await open(url);
    const token = { jti: 'before', clientId: 'c', subject: 's', audiences: ['a'], expiresAt: 4_000_000_000 };
    await store.recordIssued(token, { type: 'token_exchange' });
    const { cursor } = await store.tokens.revokedSince();
    await caughtUp();
    await postgres!.crash!();
    await expect(store.audit.append({ type: 'login' })).rejects.toThrow();
    await expect(store.check()).rejects.toThrow('the server takes no writes');
    await standby.promote();
    // a connection that was cut tells so once
    await store.check().catch(() => undefined);
    await store.check();
    expect(await store.tokens.standing('before')).toMatchObject({ known: true });
    expect(await store.tokens.revoke('before')).toBe(1);
    await expect(store.tokens.revokedSince(cursor)).rejects.toThrow('cursor');
    expect((await store.tokens.revokedSince()).tokens).toMatchObject([{ jti: 'before' }]);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  }, 30_000);
});

describe('the address of several servers', () => {
  it.each([
    ['postgres://u:hidden@one,two/db?target_session_attrs=standby', 'target_session_attrs=standby'],
    ['postgres:///db?host=one,two', 'several servers before the name of the database'],
    ['postgres://u:hidden@one:1:2,two/db', 'accepted: sqlite::memory:'],
    ['postgres://u:hidden@one:99999,two/db', 'accepted: sqlite::memory:'],
  ])('%s is refused', async (url, reason) => {
    const refusal = (await openStore({ url, encryptionKeys }).catch((error: unknown) => error)) as Error;
    expect(refusal.message).toMatch(/^DATABASE_URL is /);
    expect(refusal.message).toContain(reason);
    expect(refusal.message).not.toContain('hidden');
  });
});
