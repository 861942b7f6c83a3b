import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { basic, execute, postForm, startPostgres, WITH_PASSWORD, type TestStandby } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { storeSettings } from './store-settings.js';

const OPERATOR = { authorization: basic('operator', 'operator-secret') };
const postgres = await startPostgres({ own: true });
const passwordFile = join(mkdtempSync(join(tmpdir(), 'failover-')), 'password');

/** A server on PostgreSQL and its standby, whose role has a password in a file. */
(postgres?.standby ? describe : describe.skip)('auth-server on two servers of PostgreSQL', () => {
  let system: System;
  let standby: TestStandby;

  beforeAll(async () => {
    const password = newPassword();
    await execute(postgres!.url, `create role ${WITH_PASSWORD} superuser login password '${password}'`);
    writeFileSync(passwordFile, `${password}\n`);
    standby = await postgres!.standby!();
    const servers = [postgres!.url, standby.url].map((url) => new URL(url).host);
    system = await System.onFreePorts({
      ...storeSettings(`postgres://${WITH_PASSWORD}@${servers.join(',')}/postgres`),
      DATABASE_PASSWORD_FILE: passwordFile,
    });
    await system.up('auth-server');
  }, 60_000);

  afterAll(async () => {
    await system.down();
    await standby.stop();
    await postgres!.stop();
  }, 30_000);

  const newPassword = (): string => randomBytes(12).toString('hex');
  const ask = async () => {
    const form = { grant_type: 'client_credentials', scope: 'exchange.explain' };
    const { status, headers } = await postForm(`${system.url('auth-server')}/oauth2/token`, form, OPERATOR);
    const ready = await fetch(`${system.url('auth-server')}/health/ready`);
    return [status, headers.get('retry-after'), ready.status];
  };
  const SERVES = [200, null, 200];
  const WAITS = [503, '1', 503];

  it('takes another password without a restart, and waits as long as none lets it in', async () => {
    expect(await ask()).toEqual(SERVES);
    const password = newPassword();
    await execute(postgres!.url, `alter role ${WITH_PASSWORD} password '${password}'`);
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${WITH_PASSWORD}'`;
    await execute(postgres!.url, cut);
    // a connection that was cut tells so once
    await ask();
    expect(await ask()).toEqual(WAITS);
    writeFileSync(passwordFile, `${password}\n`);
    expect(await ask()).toEqual(SERVES);
    expect(system.output()).not.toContain(password);
  });

  it('serves from the standby as soon as that is promoted, and says why it does not before', async () => {
    await postgres!.crash!();
    await ask();
    expect(await ask()).toEqual(WAITS);
    await standby.promote();
    expect(await ask()).toEqual(SERVES);
    const reasons = system
      .output()
      .split('\n')
      .filter((line) => line.includes('the server takes no writes'));
    expect(reasons).toContainEqual(expect.stringContaining('connect ECONNREFUSED'));
  });
});
