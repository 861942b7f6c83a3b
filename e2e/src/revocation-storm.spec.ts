import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, execute, logIn, postForm, rowsOf, UserAgent } from '@onbehalf/testing-internal';
import { formRequest, load, type LoadReport } from '../../tools/load.ts';
import { System } from '../../tools/system.ts';
import { closeStores, sharedStores } from './shared-stores.js';
import { storeSettings } from './store-settings.js';
import { ownToken, USER_SERVICE } from './user-service-client.js';

const demo = new URL('../../apps/auth-server/auth-server.yaml', import.meta.url);
const CLIENT = { authorization: basic('client-app', 'client-app-secret') };

const isSoak = 'SOAK_STORM' in process.env;
/** Tokens of the session that ends. */
const TOKENS = Number(process.env['SOAK_STORM'] ?? 3_000);
/** Exchanges a second; less than a tenth of what two cores can do. */
const RATE = 50;
/** Seconds that are looked at together. */
const SECONDS = isSoak ? 5 : 1;
/** The most that the slowest hundredth of all exchanges may take, of what it takes when nothing is revoked. */
const TIMES = 3;

afterAll(closeStores);

describe.each(sharedStores)('a storm of revocations on $name', ({ open }) => {
  let url: string;
  let system: System;
  let requests: string[];

  beforeEach(async () => {
    const config = join(mkdtempSync(join(tmpdir(), 'storm-')), 'auth-server.yaml');
    const limits = 'rateLimits: { token: { requestsPerClient: 10000000, requestsPerAddress: 10000000 } }\n';
    writeFileSync(config, `${readFileSync(demo, 'utf8')}\n${limits}`);
    url = await open();
    system = await System.onFreePorts({ ...storeSettings(url), AUTH_SERVER_CONFIG: config });
    await system.up('auth-server');
    requests = await Promise.all(Array.from({ length: 16 }, exchange));
  }, 60_000);

  afterEach(() => system.down());

  const at = (path: string): string => `${system.url('auth-server')}${path}`;

  async function exchange(): Promise<string> {
    const subject_token = await ownToken(system.url('auth-server'));
    const form = { grant_type: GrantType.TokenExchange, subject_token, subject_token_type: TokenType.AccessToken };
    return formRequest(at('/oauth2/token'), { ...form, audience: 'message-service' }, USER_SERVICE);
  }

  async function issue(): Promise<LoadReport> {
    const report = await load({
      url: at(''),
      requests,
      seconds: SECONDS,
      connections: 32,
      rate: RATE,
      deadline: 20_000,
    });
    expect([Object.keys(report.answers), report.late, report.broken]).toEqual([['200'], 0, 0]);
    return report;
  }

  /** A session that holds so many tokens, of which every tenth was exchanged from another one of them. */
  async function session(): Promise<{ agent: UserAgent; token: string; idToken: string }> {
    const agent = new UserAgent();
    const redirectUri = `${system.url('client-app')}/callback`;
    const login = { issuer: at(''), clientId: 'client-app', redirectUri, scope: 'openid user.read', ...CLIENT };
    const { body } = await logIn(login, agent);
    await execute(url, tokensLike('grant_id is not null', TOKENS, url.startsWith('sqlite:')));
    // as PostgreSQL does by itself within a minute
    await execute(url, 'analyze tokens');
    return { agent, token: String(body['access_token']), idToken: String(body['id_token']) };
  }

  async function signOut(agent: UserAgent, idToken: string): Promise<void> {
    const page = await agent.get(at(`/connect/logout?id_token_hint=${idToken}`));
    const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(await page.text()) ?? [];
    expect((await agent.submit(at('/connect/logout/confirm'), { xsrf, logout: 'yes' })).status).toBeLessThan(400);
  }

  it(`${TOKENS} tokens of one session end while others are issued, and nothing is slower afterwards`, async () => {
    const { agent, token, idToken } = await session();
    await issue();
    const quiet = [await issue(), await issue(), await issue()];
    const begun = performance.now();
    let took: number | undefined;
    const end = signOut(agent, idToken).then(() => (took = performance.now() - begun));
    const storm: LoadReport[] = [];
    while (took === undefined) storm.push(await issue());
    await end;
    const after = [await issue(), await issue(), await issue()];

    const service = { authorization: USER_SERVICE };
    expect((await postForm(at('/oauth2/introspect'), { token }, service)).body).toEqual({ active: false });
    const left = await rowsOf(url, "select jti from tokens where jti like 'storm-%' and revoked_at is null limit 1");
    const open = await rowsOf(url, 'select key from revocation_marks where applied_at is null');
    expect([left, open]).toEqual([[], []]);
    const [before, meanwhile, afterwards] = [quiet, storm, after].map(median) as [number, number, number];
    process.stderr.write(
      `${TOKENS} tokens ended in ${Math.round(took)} ms; p99 of an exchange ${told(quiet)} ms before, ` +
        `${told(storm)} ms meanwhile (${(meanwhile / before).toFixed(1)} times), ${told(after)} ms after\n`,
    );
    if (!isSoak) return;
    expect(meanwhile / before).toBeLessThanOrEqual(TIMES);
    expect(afterwards / before).toBeLessThanOrEqual(TIMES);
  }, 300_000);
});

const told = (reports: readonly LoadReport[]): string => reports.map(({ accepted }) => accepted.p99).join(', ');

/** A moment in which the machine is busy with something else must not decide. */
function median(reports: readonly LoadReport[]): number {
  const all = reports.map(({ accepted }) => Math.max(accepted.p99, 1)).sort((one, other) => one - other);
  return all[Math.floor(all.length / 2)]!;
}

/** Copies a token that is issued already. */
function tokensLike(which: string, count: number, isSqlite: boolean): string {
  const numbers = isSqlite
    ? `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count})`
    : `with n as (select generate_series(1, ${count}) as i)`;
  const name = "'storm-' || n.i";
  const parent = "case when n.i % 10 = 0 then 'storm-' || (n.i - 1) end";
  const like =
    'client_id, subject, session_id, grant_id, audiences, recorded_at, expires_at, subject_life, client_life';
  return `insert into tokens (iss, jti, root_iss, root_jti, parent_iss, parent_jti, ${like})
    ${numbers}
    select '', ${name}, '', ${name}, case when n.i % 10 = 0 then '' end, ${parent}, ${like}
      from n, (select * from tokens where ${which} limit 1) t`;
}
