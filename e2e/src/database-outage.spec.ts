import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, logIn, postForm, startPostgres, toAnswer, UserAgent } from '@onbehalf/testing-internal';
import pg from 'pg';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { System, type RunningApp } from '../../tools/system.ts';
import { until } from './until.js';

const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };

/** How long each outage lasts; `npm run soak` asks for 30 s. Milliseconds, as everything here. */
const outages = [
  ['hangs', 'hang', 'resume', lasting(10)],
  ['is down', 'crash', 'restart', lasting(2)],
] as const;
const BEFORE = 1_000;
const BACK_WITHIN = 5_000;
/** The wait for a connection and for an answer, 3 s each, once more for the record of the failure, and a busy machine. */
const SLOWEST = 11_000;
/** Until the last process of the database has stopped. */
const UNDER_WAY = 200;
const PAUSE = 50;
const LANES = 2;
/** As many as the pool of one server holds. */
const CONNECTIONS = 10;

const postgres = await startPostgres({ own: true });

interface Asked {
  readonly what: string;
  readonly begun: number;
  readonly ended: number;
  readonly answer: Answer;
}

(postgres ? describe : describe.skip).each(outages)('PostgreSQL %s under load', (_, begin, end, duration) => {
  let system: System;
  let server: RunningApp;
  const all: Asked[] = [];
  let asked: [string, () => Promise<Answer>][];
  /** Who has begun to sign in when it happens, and where. */
  const user = new UserAgent();
  let signIn: string;
  /** It begins somewhere between the first two. */
  let outage: { readonly announced: number; readonly begun: number; readonly ended: number };

  beforeAll(async () => {
    const keys = { ENCRYPTION_KEYS: randomBytes(32).toString('base64') };
    system = await System.onFreePorts({ DATABASE_URL: await postgres!.database(), ...keys });
    await system.up('auth-server');
    server = system.app('auth-server');
    asked = Object.entries(await questions());
    signIn = (await user.follow(await user.get(`${server.url}/oauth2/authorize?${authorizationRequest()}`))).url;
    const stop = putLoad();
    await sleep(BEFORE);
    const announced = Date.now();
    await postgres![begin]!();
    await sleep(UNDER_WAY);
    const begun = Date.now();
    await Promise.all([lookAround(), ...asked.map(record), sleep(duration)]);
    outage = { announced, begun, ended: Date.now() };
    await postgres![end]!();
    await sleep(BACK_WITHIN);
    await stop();
  }, 60_000 + duration);

  afterAll(() => system.down(), 30_000);

  const post = (path: string, form: Record<string, string>, client = SERVICE): Promise<Answer> =>
    postForm(server.url + path, form, client);

  /** Everything that needs the database, with tokens that are good. */
  async function questions(): Promise<Record<string, () => Promise<Answer>>> {
    const redirectUri = `${system.url('client-app')}/callback`;
    const login = { issuer: server.url, clientId: 'client-app', redirectUri, scope: 'openid user.read', ...CLIENT };
    const token = String((await logIn(login)).body['access_token']);
    const subject = { subject_token: token, subject_token_type: TokenType.AccessToken, audience: 'message-service' };
    return {
      'client credentials': () => post('/oauth2/token', { grant_type: GrantType.ClientCredentials }),
      exchange: () => post('/oauth2/token', { grant_type: GrantType.TokenExchange, ...subject }),
      introspection: () => post('/oauth2/introspect', { token }),
      revocation: () => post('/oauth2/revoke', { token: 'unknown' }, CLIENT),
      'revocation feed': async () => toAnswer(await fetch(`${server.url}/oauth2/revocations`, { headers: SERVICE })),
    };
  }

  async function record([what, ask]: (typeof asked)[number]): Promise<void> {
    const begun = Date.now();
    const answer = await ask();
    all.push({ what, begun, ended: Date.now(), answer });
  }

  /** Asks everything again and again. Returns what ends it. */
  function putLoad(): () => Promise<unknown> {
    let stopping = false;
    const lane = async (question: (typeof asked)[number]): Promise<void> => {
      while (!stopping) {
        await record(question);
        await sleep(PAUSE);
      }
    };
    const lanes = Promise.all(Array.from({ length: LANES }, () => asked.map(lane)).flat());
    return () => ((stopping = true), lanes);
  }

  let pages: { status: number; retryAfter: string | null; text: string }[];
  let published: number[];
  let readiness: string;

  /** What does not need the database, and who looks at it through a browser. */
  async function lookAround(): Promise<void> {
    const paths = ['/oauth2/jwks', '/.well-known/openid-configuration', '/health/live'];
    const asked = paths.map(async (path) => (await fetch(server.url + path)).status);
    const ready = fetch(`${server.url}/health/ready`);
    pages = await Promise.all([
      look(`/oauth2/authorize?${authorizationRequest()}`),
      describePage(await user.submit(signIn, { username: 'baeldung', password: 'password' })),
    ]);
    published = await Promise.all(asked);
    readiness = `${(await ready).status} ${await (await ready).text()}`;
  }

  function authorizationRequest(): string {
    return new URLSearchParams({
      response_type: 'code',
      client_id: 'client-app',
      redirect_uri: `${system.url('client-app')}/callback`,
      scope: 'openid',
      code_challenge: 'x'.repeat(43),
      code_challenge_method: 'S256',
    }).toString();
  }

  async function look(path: string): Promise<(typeof pages)[number]> {
    return describePage(await fetch(server.url + path, { headers: { accept: 'text/html' }, redirect: 'manual' }));
  }

  async function describePage(answer: Response): Promise<(typeof pages)[number]> {
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), text: await answer.text() };
  }

  it('everything was answered before it', () => {
    const before = all.filter(({ ended }) => ended < outage.announced);
    expect(new Set(before.map(({ what }) => what)).size).toBe(5);
    expect(new Set(before.map(({ answer }) => answer.status))).toEqual(new Set([200]));
  });

  it('nothing is acknowledged while it lasts: 503, when to come again, and why, in time', () => {
    const during = all.filter(({ begun, ended }) => begun >= outage.begun && ended <= outage.ended);
    const told = during.map(({ what, answer: { status, headers, body } }) =>
      JSON.stringify([what, status, headers.get('retry-after'), body['error']]),
    );
    const expected = during.map(({ what }) => JSON.stringify([what, 503, '1', 'temporarily_unavailable']));
    expect(new Set(told)).toEqual(new Set(expected));
    expect(new Set(during.map(({ what }) => what)).size).toBe(5);
    expect(Math.max(...all.map(({ begun, ended }) => ended - begun))).toBeLessThan(SLOWEST);
  });

  it('keys and metadata are published, readiness tells why, and a browser gets a page', () => {
    expect(published).toEqual([200, 200, 200]);
    expect(readiness).toMatch(/^503 .*the database does not answer/);
    for (const { status, retryAfter, text } of pages) {
      expect([status, retryAfter]).toEqual([503, '1']);
      expect(text).toContain('<h1>');
    }
  });

  it(`all is well within ${BACK_WITHIN / 1000} s of its end`, async () => {
    const after = all.filter(({ begun, answer }) => begun >= outage.ended && answer.status === 200);
    const back = Object.groupBy(after, ({ what }) => what);
    const took = Object.values(back).map((asked) => Math.min(...asked!.map(({ ended }) => ended)) - outage.ended);
    expect(took).toHaveLength(5);
    expect(Math.max(...took)).toBeLessThan(BACK_WITHIN);
    const last = all.filter(({ begun }) => begun > outage.ended + BACK_WITHIN / 2);
    expect(last.filter(({ answer }) => answer.status !== 200)).toEqual([]);
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
    process.stderr.write(`${all.length} requests, back after ${Math.max(...took)} ms\n`);
  });

  it('the process has not noticed anything that it did not expect, and holds no more connections than its pool', async () => {
    expect(server.running).toBe(true);
    expect(server.lines.filter((line) => /"level":60|unhandled|UnhandledPromise/i.test(line))).toEqual([]);
    const operator = new pg.Client({ connectionString: postgres!.url });
    await operator.connect();
    const count = `select count(*)::int as open from pg_stat_activity where application_name = 'onbehalf'`;
    await until(async () => (await operator.query<{ open: number }>(count)).rows[0]!.open <= CONNECTIONS);
    await operator.end();
  });
});

afterAll(() => postgres?.stop());

/** @param seconds in a test run */
function lasting(seconds: number): number {
  return Number(process.env['SOAK_OUTAGE'] ?? seconds) * 1000;
}
