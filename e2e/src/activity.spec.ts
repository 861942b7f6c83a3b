import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SigningKeys } from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, execute, logIn, rowsOf } from '@onbehalf/testing-internal';
import { InProcessServer } from './in-process-server.js';
import { hashOf } from './password-hash.js';
import { closeStores, sharedStores } from './shared-stores.js';

/** Exchanges of one person. */
const RECORDS = Number(process.env['SOAK_ACTIVITY'] ?? 1000);
const PAGE = 100;
/** What a page may cost at the end, of what it costs at the beginning: told apart from what it would cost to count up to it. */
const MOST = 2;
/** Below, one page of each part says nothing of time. */
const MEASURED = 100_000;

const ME = 'https://server.example/me';
const REDIRECT = 'http://localhost:8080/callback';
const secret = randomBytes(16).toString('hex');
const file = {
  resources: [{ audience: 'auth-server-me', resource: ME, scopes: ['activity.read'] }],
  clients: [
    {
      clientId: 'web',
      secret,
      grantTypes: [GrantType.AuthorizationCode],
      redirectUris: [REDIRECT],
      scopes: ['openid', 'activity.read'],
      defaultResource: 'auth-server-me',
    },
  ],
  users: ['alice', 'bob'].map((username) => ({ username, passwordHash: hashOf('password') })),
  lifetimes: { accessToken: 7200 },
  rateLimits: { me: { requestsPerAccount: 1_000_000 } },
};

/** Records as exchanges leave them, one in each millisecond from now on: those of alice, and between them as many of others. */
const filled = (life: number): string => {
  const now = Date.now();
  const event = (subject: string): string =>
    `'{"type":"token_exchange","outcome":"issued","clientId":"app","subject":"${subject}","subjectLife":${life},` +
    `"targets":["api"],"kind":"delegation","issuedTokenId":"' || i || '","expiresAt":1}'`;
  const record = (writer: string, subject: string): string =>
    `select '${writer}', i, '', '', ${now} + i, ${event(subject)}, 'token_exchange', 'issued', 'app', '${subject}', ${life} from n`;
  return `insert into audit_records (writer, sequence, previous_hash, hash, at, event, type, outcome, client_id, subject, subject_life)
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ${RECORDS})
    ${record('of-alice', 'alice')} union all ${record('of-bob', 'bob')}`;
};

afterAll(closeStores);

describe.each(sharedStores)(`/me/activity of ${RECORDS} exchanges on $name`, ({ name, open }) => {
  let server: InProcessServer;
  let store: AuthorizationStore;
  let authorization: string;

  beforeAll(async () => {
    const url = await open();
    server = await InProcessServer.start(file, async (issuer) => {
      const encryptionKeys = [randomBytes(32).toString('base64')];
      store = await openStore({ url, issuer, encryptionKeys, sweepInterval: 0 });
      return { store, keys: await SigningKeys.generate() };
    });
    const login = { clientId: 'web', redirectUri: REDIRECT, scope: 'openid activity.read', username: 'alice' };
    const { body } = await logIn({
      ...login,
      issuer: server.issuer,
      authorization: basic('web', secret),
      parameters: { resource: ME },
    });
    authorization = `Bearer ${String(body['access_token'])}`;
    const [token] = await rowsOf(url, `select subject_life from tokens where subject = 'alice'`);
    await execute(url, filled((token as { subject_life: number }).subject_life));
    await execute(url, 'analyze');
    // filling has kept this process busy for so long that the server has closed the connection of the login
    await fetch(server.issuer).catch(() => undefined);
  }, 600_000);
  afterAll(async () => {
    await server.stop();
    await store.close();
  });

  it('shows each of them once, the newest first, and its last page takes no longer than its first', async () => {
    const times: number[] = [];
    let next = Infinity;
    let cursor: string | undefined;
    do {
      const begun = performance.now();
      const query = new URLSearchParams({ limit: String(PAGE), ...(cursor !== undefined && { cursor }) });
      const response = await fetch(`${server.issuer}/me/activity?${query.toString()}`, { headers: { authorization } });
      const page = (await response.json()) as { activity: { jti: string }[]; cursor?: string };
      times.push(performance.now() - begun);
      const shown = page.activity.map(({ jti }) => Number(jti));
      expect(shown).toEqual(Array.from({ length: shown.length }, (_, i) => Math.min(next, RECORDS + 1) - 1 - i));
      next = shown.at(-1) ?? 0;
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(next).toBe(1);
    expect(times).toHaveLength(Math.ceil(RECORDS / PAGE));
    if (RECORDS < MEASURED) return;
    const [first, last] = [median(times.slice(0, 1000)), median(times.slice(-1000))];
    console.log(
      `${name}: ${times.length} pages of ${PAGE}; median of the first thousand ${first.toFixed(2)} ms, of the last ${last.toFixed(2)} ms`,
    );
    expect(last / first).toBeLessThan(MOST);
  }, 1_800_000);
});

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1]!;
}
