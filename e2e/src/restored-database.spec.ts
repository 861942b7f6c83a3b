import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { basic, execute, logIn, postForm, startPostgres, toAnswer } from '@onbehalf/testing-internal';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { System } from '../../tools/system.ts';
import { until } from './until.js';

const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const INSTALLED = '/usr/lib/postgresql';

const postgres = await startPostgres();
const directory = mkdtempSync(join(tmpdir(), 'restored-'));

interface Kind {
  readonly name: string;
  readonly address: () => Promise<string>;
  readonly dump: (url: string) => Promise<void>;
  readonly restore: (url: string) => Promise<void>;
}

const copy = join(directory, 'copy');
const file = join(directory, 'auth-server.db');

const sqlite: Kind = {
  name: 'a SQLite file',
  address: () => Promise.resolve(`sqlite:${file}`),
  dump: () => execute(`sqlite:${file}`, `vacuum into '${copy}'`),
  // over the file that is there, as `cp` does
  restore: () => Promise.resolve(copyFileSync(copy, file)),
};

const kinds: Kind[] = postgres
  ? [sqlite, { name: 'PostgreSQL', address: () => postgres.database(), dump, restore }]
  : [sqlite];

function dump(url: string): Promise<void> {
  execFileSync(program('pg_dump'), ['--format=custom', `--schema=${schemaOf(url)}`, `--file=${copy}`, serverOf(url)]);
  return Promise.resolve();
}

async function restore(url: string): Promise<void> {
  await execute(serverOf(url), `drop schema ${schemaOf(url)} cascade`);
  execFileSync(program('pg_restore'), ['--no-owner', `--dbname=${serverOf(url)}`, copy]);
}

function program(name: string): string {
  const paths = readdirSync(INSTALLED).map((version) => join(INSTALLED, version, 'bin', name));
  return paths.filter((path) => existsSync(path)).at(-1) ?? name;
}

function serverOf(url: string): string {
  const server = new URL(url);
  server.search = '';
  return server.href;
}

function schemaOf(url: string): string {
  return /search_path=(\w+)/.exec(decodeURIComponent(url))![1]!;
}

afterAll(() => postgres?.stop());

describe.each(kinds)('a database restored from a backup, on $name', ({ address, dump, restore }) => {
  let system: System;
  let database: string;

  beforeAll(async () => {
    database = await address();
    system = await System.onFreePorts({
      DATABASE_URL: database,
      ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    });
    await system.up('auth-server', 'user-service', 'message-service');
  }, 60_000);

  afterAll(() => system.down(), 30_000);

  const issuer = (): string => system.url('auth-server');

  async function newToken(): Promise<string> {
    const redirectUri = `${system.url('client-app')}/callback`;
    const login = { issuer: issuer(), clientId: 'client-app', redirectUri, scope: 'openid user.read', ...CLIENT };
    return String((await logIn(login)).body['access_token']);
  }

  async function call(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await toAnswer(await fetch(`${system.url('user-service')}/user/message`, { headers }))).status;
  }

  const revoke = (token: string): Promise<unknown> => postForm(`${issuer()}/oauth2/revoke`, { token }, CLIENT);

  it('guards that have read further than the copy goes hear of every revocation after it', async () => {
    await dump(database);
    const before = [await newToken(), await newToken(), await newToken()];
    for (const token of before) {
      await revoke(token);
      await until(async () => (await call(token)) === 401);
    }
    await system.app('auth-server').stop();
    await restore(database);
    await system.up('auth-server');
    const after = await newToken();
    expect(await call(after)).toBe(200);
    await revoke(after);
    await until(async () => (await call(after)) === 401);
    // what the copy does not know of, the guards still do
    for (const token of before) expect(await call(token)).toBe(401);
  }, 60_000);
});
