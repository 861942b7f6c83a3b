import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { basic, logIn, type Login, obtainCode, UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';

const FIRST = 'scrypt$65536$8$2$NvU246RNnZZfY6i1KNADQA$eRixKyWDKoZ_obe2sCDcpeiFxmvZ0xk7vA-W19hOt88';

describe('OpenID Connect Core §3.1.2.1: id_token_hint', () => {
  let system: System;
  let operator: Operator;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server');
    operator = await Operator.with('registrations.write registrations.read', system.url('auth-server'));
  }, 60_000);

  afterAll(() => system.down());

  async function put(): Promise<void> {
    const headers = { 'content-type': 'application/json', 'if-none-match': '*' };
    const body = JSON.stringify({ passwordHash: FIRST });
    expect((await operator.fetch('/admin/users/carol', { method: 'PUT', headers, body })).ok).toBe(true);
  }

  async function remove(): Promise<void> {
    const { headers } = await operator.fetch('/admin/users/carol');
    const init = { method: 'DELETE', headers: { 'if-match': headers.get('etag') ?? '' } };
    expect((await operator.fetch('/admin/users/carol', init)).status).toBe(204);
  }

  const login = (parameters: Record<string, string> = {}): Login => ({
    issuer: system.url('auth-server'),
    clientId: 'client-app',
    redirectUri: `${system.url('client-app')}/callback`,
    scope: 'openid user.read',
    username: 'carol',
    authorization: basic('client-app', 'client-app-secret'),
    parameters,
  });

  it('of a former account gives no code in the session of who has the name now', async () => {
    await put();
    const { body: former } = await logIn(login());
    await remove();
    // a token is as old as the second in which it was issued
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await put();
    const agent = new UserAgent();
    const { body: own } = await logIn(login(), agent);
    const silent = (hint: unknown) => obtainCode(login({ prompt: 'none', id_token_hint: String(hint) }), agent);
    await expect(silent(former['id_token'])).rejects.toThrow('login_required');
    await expect(silent(own['id_token'])).resolves.toHaveProperty('code');
    // with a page, who signs in goes on
    const again = login({ id_token_hint: String(former['id_token']) });
    await expect(obtainCode(again, agent)).resolves.toHaveProperty('code');
  });
});
