import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeProtectedHeader } from 'jose';
import {
  type Answer,
  basic,
  logIn,
  nextOf,
  postForm,
  startPostgres,
  toAnswer,
  UserAgent,
} from '@onbehalf/testing-internal';
import { wiring } from '../../tools/processes.ts';
import { freePort, RunningApp, System } from '../../tools/system.ts';
import { storeSettings } from './store-settings.js';
import { until } from './until.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

describe('a restart of auth-server on a SQLite file', () => {
  let system: System;
  let file: string;
  const agent = new UserAgent();
  let before: Answer['body'];
  let keys: unknown;
  /** Where client-app keeps its own. */
  let sessions: string;
  /** Another replica of client-app. */
  let there: RunningApp | undefined;

  const url = (path: string): string => `${system.url('auth-server')}${path}`;
  const redirectUri = (): string => `${system.url('client-app')}/callback`;
  const jwks = async (): Promise<unknown[]> =>
    ((await toAnswer(await fetch(url('/oauth2/jwks')))).body['keys'] as { kid: string }[]).map(({ kid }) => kid).sort();
  const refresh = (token: unknown): Promise<Answer> =>
    postForm(url('/oauth2/token'), { grant_type: 'refresh_token', refresh_token: String(token) }, CLIENT);

  beforeAll(async () => {
    file = join(mkdtempSync(join(tmpdir(), 'restart-')), 'auth-server.db');
    sessions = `sqlite:${file}.client-app`;
    const database = { DATABASE_URL: `sqlite:${file}`, CLIENT_APP_DATABASE_URL: sessions };
    system = await (await System.onFreePorts(database)).up('auth-server');
    const scope = 'openid user.read';
    const login = { issuer: system.url('auth-server'), clientId: 'client-app', redirectUri: redirectUri(), scope };
    before = (await logIn({ ...login, ...CLIENT }, agent)).body;
    await until(async () => (await jwks()).length === 4);
    keys = await jwks();
    expect(await system.app('auth-server').stop()).toBe(0);
    await system.up('auth-server');
  }, 60_000);

  afterAll(() => Promise.all([system.down(), there?.stop()]));

  it('keeps the signing keys: what was issued before still verifies, and is still known', async () => {
    expect(await jwks()).toEqual(keys);
    expect(keys).toContain(decodeProtectedHeader(String(before['access_token'])).kid);
    const { body } = await postForm(url('/oauth2/introspect'), { token: String(before['access_token']) }, SERVICE);
    expect(body).toMatchObject({ active: true, sub: 'baeldung' });
  });

  async function isSignedIn(): Promise<boolean> {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: 'client-app',
      redirect_uri: redirectUri(),
      scope: 'openid',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const back = await agent.follow(await agent.get(url(`/oauth2/authorize?${query.toString()}`)), redirectUri());
    return new URL(back.headers.get('location')!).searchParams.has('code');
  }

  it('keeps the session, and with it the keys of the cookies: the user does not log in again', async () => {
    expect(await isSignedIn()).toBe(true);
  });

  it('keeps refresh tokens; one that was rotated is refused after a restart too', async () => {
    const { status, body } = await refresh(before['refresh_token']);
    expect([status, body['refresh_token']]).toEqual([200, expect.any(String)]);
    await system.app('auth-server').stop();
    await system.up('auth-server');
    expect((await refresh(before['refresh_token'])).body['error']).toBe('invalid_grant');
  });

  it('of client-app signs nobody out, and two replicas of it need no stickiness', async () => {
    const here = system.url('client-app');
    const settings = { ...wiring((app) => system.url(app)), PUBLIC_URL: here, DATABASE_URL: sessions };
    const port = await freePort();
    const up = async (): Promise<RunningApp> => {
      there = new RunningApp('client-app', port, settings);
      await Promise.all([system.up('client-app'), there.ready()]);
      return there;
    };
    const { url } = await up();
    const visitor = new UserAgent();
    const greeting = async (at: string): Promise<string | undefined> =>
      /Hello '[^']*'/.exec(await (await visitor.get(at)).text())?.[0];
    const form = await visitor.follow(await visitor.get(`${here}/login`));
    const sent = await visitor.submit(form.url, { username: 'baeldung', password: 'password' });
    const back = await nextOf(await visitor.follow(sent, redirectUri()));
    expect((await visitor.get(back!.replace(here, url))).status).toBe(303);
    expect(await greeting(here)).toBe("Hello 'baeldung (client-app)'");
    await Promise.all([system.app('client-app').stop(), there?.stop()]);
    await up();
    expect(await Promise.all([here, url].map(greeting))).toEqual(Array(2).fill("Hello 'baeldung (client-app)'"));
    await system.app('client-app').stop();
  });

  (postgres ? it : it.skip)(
    'moves to PostgreSQL with everybody signed in, and what was revoked still is',
    async () => {
      const login = {
        issuer: system.url('auth-server'),
        clientId: 'client-app',
        redirectUri: redirectUri(),
        ...CLIENT,
      };
      const [kept, ended] = (await Promise.all([1, 2].map(() => logIn({ ...login, scope: 'openid user.read' })))) as [
        Answer,
        Answer,
      ];
      await postForm(url('/oauth2/revoke'), { token: String(ended.body['access_token']) }, CLIENT);
      await system.app('auth-server').stop();
      const settings = storeSettings(await postgres!.database());
      const command = ['dist/commands/copies.js', 'move-to-postgres', '--from', file];
      const env = { ...process.env, ...settings };
      execFileSync(process.execPath, command, { cwd: join(root, 'apps/auth-server'), env });
      system = await new System(system.ports, settings).up('auth-server');
      expect(await jwks()).toEqual(keys);
      expect(await isSignedIn()).toBe(true);
      expect((await refresh(kept.body['refresh_token'])).status).toBe(200);
      for (const [{ body }, active] of [
        [kept, true],
        [ended, false],
      ] as const) {
        const token = String(body['access_token']);
        const introspected = await postForm(url('/oauth2/introspect'), { token }, SERVICE);
        expect(introspected.body).toMatchObject({ active });
      }
      const verify = ['dist/commands/store.js', 'audit-verify'];
      execFileSync(process.execPath, verify, { cwd: join(root, 'apps/auth-server'), env });
    },
    60_000,
  );
});
