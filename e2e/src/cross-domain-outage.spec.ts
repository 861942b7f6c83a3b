import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { type Answer } from '@onbehalf/testing-internal';
import { shiftedClock } from '../../tools/date-shift.ts';
import { Domains } from './domains.fixture.js';
import { storeSettings } from './store-settings.js';
import { until } from './until.js';

const app = fileURLToPath(new URL('../../apps/auth-server', import.meta.url));
const issued = ({ body }: Answer): string => String(body['access_token']);
const outcome = ({ status, body }: Answer): unknown[] => [status, body['error']];

describe('a domain that is down, changes its keys and has another time', () => {
  const url = `sqlite:${join(mkdtempSync(join(tmpdir(), 'domain-')), 'store.db')}`;
  const settings = { ...storeSettings(url), KEY_PUBLISH_AHEAD: '1', KEY_SIGN_FOR: '3600', KEY_RETIRE_FOR: '3600' };
  let domains: Domains;
  let idToken: string;

  beforeAll(async () => {
    domains = await Domains.up({ home: settings });
    idToken = String((await domains.logIn())['id_token']);
  }, 60_000);
  afterAll(() => domains.down());

  const rotate = async (): Promise<void> => {
    const env = { PATH: process.env['PATH'], ISSUER: domains.home.url, ...settings };
    await promisify(execFile)(process.execPath, ['dist/commands/rotate-keys.js'], { cwd: app, env });
  };
  const isRotated = (): Promise<boolean> =>
    rotate().then(
      () => true,
      () => false,
    );

  it('the partner says so, and not that the grant is bad; no grant is refused because a new key signs it', async () => {
    const idJag = async (): Promise<string> => issued(await domains.idJag(idToken));
    const kidOf = (assertion: string): unknown => decodeProtectedHeader(assertion).kid;
    // the next key is published, and does not sign yet; the keys of the start may be younger than a second
    await until(() => isRotated());
    const [first, second] = [await idJag(), await idJag()];
    await domains.home.stop();
    const down = await domains.redeem(first);
    expect(outcome(down)).toEqual([503, 'temporarily_unavailable']);
    expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(down.body)).not.toContain(domains.home.url);
    await domains.again();
    await until(async () => (await domains.redeem(first)).status === 200, 10_000);
    expect(outcome(await domains.redeem(first))).toEqual([400, 'invalid_grant']);
    // now it signs, and the partner has it
    let third = await idJag();
    await until(async () => {
      await isRotated();
      third = await idJag();
      return kidOf(third) !== kidOf(second);
    });
    expect((await domains.redeem(third)).status).toBe(200);
    // with the keys at hand, nobody needs to ask
    await domains.home.stop();
    expect((await domains.redeem(second)).status).toBe(200);
    await domains.again();
  }, 90_000);

  it.each([
    [30, 200],
    [90, 400],
    [-30, 200],
  ])(
    'a clock that is %i s ahead: its grants are answered with %i',
    async (seconds, status) => {
      await domains.home.stop();
      await domains.again({ NODE_OPTIONS: shiftedClock(seconds) });
      const { id_token: id, access_token: token } = await domains.logIn();
      const redeemed = await domains.redeem(issued(await domains.idJag(String(id))));
      const chained = await domains.redeem(issued(await domains.chain(String(token))), {}, 'home-user-service');
      const error = status === 200 ? undefined : 'invalid_grant';
      expect([outcome(redeemed), outcome(chained)]).toEqual([
        [status, error],
        [status, error],
      ]);
    },
    40_000,
  );
});
