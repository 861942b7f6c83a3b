import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '@onbehalf/authorization-store';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, logIn, postForm, startPostgres } from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { System } from '../../tools/system.ts';
import { until } from './until.js';

const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };
const KILLS = Number(process.env['SOAK_KILLS'] ?? 2);
const LANES = 6;

/** A user's tokens as a client knows them: what the server has acknowledged, and whether it was asked for more. */
interface Lane {
  access: string;
  refresh: string;
  rotated: string[];
  /** A refresh whose answer never came: the server may have rotated the token or not. */
  isRefreshing: boolean;
}

const postgres = await startPostgres();
const key = randomBytes(32).toString('base64');
const databases = [
  { name: 'a SQLite file', address: () => `sqlite:${join(mkdtempSync(join(tmpdir(), 'kill-')), 'auth-server.db')}` },
  ...(postgres ? [{ name: 'PostgreSQL', address: () => postgres.database() }] : []),
];

describe.each(databases)('kill -9 under load, on $name', ({ name, address }) => {
  let system: System;
  let database: string;
  let lanes: Lane[];
  const exchanged: string[] = [];

  beforeAll(async () => {
    database = await address();
    system = await (await System.onFreePorts({ DATABASE_URL: database, ENCRYPTION_KEYS: key })).up('auth-server');
    lanes = await Promise.all(Array.from({ length: LANES }, logInLane));
  }, 60_000);

  afterAll(() => system.down(), 30_000);

  async function logInLane(): Promise<Lane> {
    const issuer = system.url('auth-server');
    const redirectUri = `${system.url('client-app')}/callback`;
    const { body } = await logIn({ issuer, clientId: 'client-app', redirectUri, scope: 'openid user.read', ...CLIENT });
    const [access, refresh] = [String(body['access_token']), String(body['refresh_token'])];
    return { access, refresh, rotated: [], isRefreshing: false };
  }

  function token(form: Record<string, string>, client: { authorization: string }): Promise<Answer> {
    return postForm(`${system.url('auth-server')}/oauth2/token`, form, client);
  }

  const refresh = (refreshToken: string): Promise<Answer> =>
    token({ grant_type: 'refresh_token', refresh_token: refreshToken }, CLIENT);

  /** Refreshes and exchanges as fast as the server answers, until it does not. */
  async function keepBusy(lane: Lane): Promise<void> {
    for (;;) {
      lane.isRefreshing = true;
      const { status, body } = await refresh(lane.refresh);
      lane.isRefreshing = false;
      if (status !== 200) throw new Error(`a refresh was answered with ${status} ${JSON.stringify(body)}`);
      lane.rotated.push(lane.refresh);
      lane.refresh = String(body['refresh_token']);
      lane.access = String(body['access_token']);
      const subject = { subject_token: lane.access, subject_token_type: TokenType.AccessToken };
      const form = { grant_type: GrantType.TokenExchange, ...subject, audience: 'message-service' };
      const answer = await token(form, SERVICE);
      if (answer.status !== 200) throw new Error(`an exchange was answered with ${answer.status}`);
      exchanged.push(decodeJwt(String(answer.body['access_token'])).jti!);
    }
  }

  async function killUnderLoad(): Promise<void> {
    const before = exchanged.length;
    const load = Promise.allSettled(lanes.map(keepBusy));
    await until(() => Promise.resolve(exchanged.length > before));
    await sleep(300 + Math.random() * 500);
    await system.app('auth-server').stop('SIGKILL');
    for (const { reason } of (await load) as PromiseRejectedResult[]) {
      // only the connection may fail, never an answer
      expect((reason as Error).message).toMatch(/^(fetch failed|terminated)$/);
    }
    await system.up('auth-server');
  }

  it(
    `${KILLS} times: what was acknowledged is there, what was rotated is refused`,
    async () => {
      for (let kill = 0; kill < KILLS; kill += 1) {
        await killUnderLoad();
        for (const [index, lane] of lanes.entries()) {
          const { status, body } = await refresh(lane.refresh);
          if (!lane.isRefreshing) expect([status, body['refresh_token']]).toEqual([200, expect.any(String)]);
          for (const used of lane.rotated.slice(-1)) expect((await refresh(used)).body['error']).toBe('invalid_grant');
          lanes[index] = await logInLane();
        }
      }
      const acknowledged = new Set(exchanged);
      const store = await openStore({ url: database, encryptionKeys: [key], sweepInterval: 0 });
      try {
        for (const jti of exchanged) expect(await store.tokens.find(jti)).toBeDefined();
        for await (const { event } of store.audit.export()) {
          acknowledged.delete((event as { issuedTokenId?: string }).issuedTokenId ?? '');
        }
        expect([...acknowledged]).toEqual([]);
        expect((await store.audit.verify()).ok).toBe(true);
      } finally {
        await store.close();
      }
      process.stderr.write(`${name}: ${KILLS} kills, ${exchanged.length} acknowledged exchanges, none lost\n`);
    },
    60_000 + KILLS * 20_000,
  );
});

afterAll(() => postgres?.stop());
