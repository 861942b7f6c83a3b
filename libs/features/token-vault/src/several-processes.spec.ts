import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openStore, StoreUnavailable, type AuthorizationStore } from '@onbehalf/authorization-store';
import { systemClock } from '@onbehalf/oauth-protocol';
import { execute, rowsOf, testDatabases } from '@onbehalf/testing-internal';
import { FreshTokens, type InteractionNeeded } from './accounts/fresh-tokens.js';
import { linkedAccountsTable } from './accounts/linked-accounts.table.js';
import { LinkedAccounts } from './accounts/linked-accounts.js';
import { Refresh } from './accounts/refresh.js';
import { ProviderClient } from './providers/provider-client.js';
import { ProviderUnavailable } from './providers/provider-errors.js';
import { toProvider } from './providers/to-provider.js';
import { TestProvider } from './test-provider.fixture.js';
import { settingsSchema } from './token-vault.schema.js';

/** Few in a test run; `npm run soak` asks for more. */
const KILLS = Number(process.env['SOAK_KILLS'] ?? 1);
const ACCOUNTS = Number(process.env['SOAK_ACCOUNTS'] ?? 300);
jest.setTimeout(900_000);

const TABLE = 'feature_token_vault_accounts';
const databases = await testDatabases();
const testing = createRequire(import.meta.url).resolve('@onbehalf/testing-internal');
const fromSource = fileURLToPath(new URL('../from-source.mjs', `file://${testing}`));
const key = randomBytes(32).toString('base64');
const now = (): number => Math.floor(Date.now() / 1000);

/** Requests that a server has under way at once unless told; what is over it is turned away before. */
const AT_ONCE = 200;

async function inTurns<Result>(work: readonly (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < work.length; at = next++) results[at] = await work[at]!();
  };
  await Promise.all(Array.from({ length: AT_ONCE / 2 }, worker));
  return results;
}

/** What is answered with 503 and Retry-After. */
function isUnavailable(error: unknown): boolean {
  return error instanceof ProviderUnavailable || error instanceof StoreUnavailable;
}

describe.each(databases)('linked accounts and several processes on one $name', (kind) => {
  let url: string;
  let provider: TestProvider;
  const children: ChildProcess[] = [];
  const stores: AuthorizationStore[] = [];
  const described = () => ({
    name: 'calendar',
    issuer: provider.issuer,
    clientId: provider.clientId,
    clientSecret: provider.clientSecret,
  });

  beforeEach(async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'vault-processes-')), 'store.db');
    url = kind.name === 'SQLite' ? `sqlite:${file}` : await kind.database();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const store of stores.splice(0)) await store.close();
    await provider.close();
  });
  afterAll(() => kind.stop());

  const start = async (): Promise<ChildProcess> => {
    const path = fileURLToPath(new URL('../processes/refresh.mjs', import.meta.url));
    const execArgv = ['--conditions=@onbehalf/source', '--import', fromSource];
    const child = fork(path, [url, key, JSON.stringify(described())], { execArgv, env: { PATH: process.env['PATH'] } });
    children.push(child);
    await once(child, 'message');
    return child;
  };
  const ask = async (child: ChildProcess, subject: string): Promise<{ token?: string; error?: string }> => {
    const answered = once(child, 'message');
    child.send({ subject });
    const [answer] = (await answered) as [{ token?: string; error?: string }];
    return answer;
  };
  /** What one replica is made of. */
  const replica = async () => {
    const store = await openStore({ url, encryptionKeys: [key], sweepInterval: 0, tables: [linkedAccountsTable] });
    stores.push(store);
    const settings = settingsSchema.parse({ providers: [described()] })!;
    let drawn = 0;
    const randomId = (): string => `${stores.length}-${(drawn += 1)}`;
    const accounts = new LinkedAccounts({ tables: store.table, clock: systemClock, randomId, settings });
    const client = new ProviderClient(toProvider(settings.providers[0]!), systemClock);
    const record = (): Promise<void> => Promise.resolve();
    const options = { accounts, clientOf: () => client, clock: systemClock, record, count: () => undefined };
    const tokens = new FreshTokens({ accounts, refresh: new Refresh(options), clock: systemClock, randomId });
    const find = (subject: string) =>
      tokens.find({ subject, life: 1, provider: 'calendar' }, client.provider, (linked) => linked);
    return { accounts, find };
  };
  const link = (accounts: LinkedAccounts, subject: string, secondsLeft: number) => {
    const { accessToken: token, refreshToken } = provider.grant(subject, ['calendar.read']);
    const tokens = [{ token, scopes: ['calendar.read'], expiresAt: now() + secondsLeft }];
    const credentials = { account: `sub of ${subject}`, scopes: ['calendar.read'], tokens, refreshToken };
    return accounts.link({ subject, life: 1, provider: 'calendar', label: subject, credentials }, undefined);
  };

  it.each([
    ['lose nothing where the provider keeps the token before until the next is used', true],
    ['say honestly that the account has ended where it does not', false],
  ])(
    `killed between the answer of the provider and its place in the database, ${KILLS} times, they %s`,
    async (_, keepsOld) => {
      provider = await TestProvider.start({ rotates: true, keepsOld });
      const { accounts } = await replica();
      for (let kill = 0; kill < KILLS; kill += 1) {
        const subject = `user-${kill}`;
        await link(accounts, subject, -1);
        const child = await start();
        provider.beforeAnswer = async () => {
          provider.beforeAnswer = () => Promise.resolve();
          child.kill('SIGKILL');
          await once(child, 'exit');
        };
        child.send({ subject });
        await once(child, 'exit');
        // the time that it had is over
        await execute(url, `update ${TABLE} set refresher_until = 1`);
        const answer = await ask(await start(), subject);
        if (keepsOld) expect(provider.scopesOf(answer.token!)).toEqual(['calendar.read']);
        else expect(answer).toEqual({ error: 'InteractionNeeded' satisfies InteractionNeeded['name'] });
        const [row] = await rowsOf(url, `select status from ${TABLE} where subject = '${subject}'`);
        expect(row).toEqual({ status: keepsOld ? 'active' : 'expired' });
      }
    },
  );

  it(`of ${ACCOUNTS} accounts of which 1 % end at once, each is refreshed once, and every caller is served or told to come again`, async () => {
    provider = await TestProvider.start({ rotates: true });
    const [one, other] = [await replica(), await replica()];
    const ending = ACCOUNTS / 100;
    for (let at = 0; at < ACCOUNTS; at += 50) {
      const some = Array.from({ length: 50 }, (_, each) => at + each);
      await Promise.all(some.map((each) => link(one.accounts, `user-${each}`, each < ending ? -1 : 3600)));
    }
    const callers = Array.from({ length: ending * 10 }, (_, each) => () => {
      const { find } = each % 2 === 0 ? one : other;
      return find(`user-${Math.floor(each / 10)}`).then(
        ({ token }) => (provider.scopesOf(token) ? 'served' : 'a token of no use'),
        (error: unknown) => (isUnavailable(error) ? 'told to come again' : String(error)),
      );
    });
    const others = Array.from({ length: ending * 10 }, (_, each) => () => one.find(`user-${ending + each}`));
    const [outcomes] = await Promise.all([inTurns(callers).then((all) => new Set(all)), inTurns(others)]);
    outcomes.delete('told to come again');
    expect([...outcomes]).toEqual(['served']);
    expect(provider.refreshes).toBe(ending);
  });
});
