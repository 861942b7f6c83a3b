import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { type Answer, basic, obtainCode, postForm, toAnswer, UserAgent } from '@onbehalf/testing-internal';
import { System } from '../../tools/system.ts';

/** The demo as it is started: a user of the first domain, and the same person at the calendar provider. */
describe('a linked calendar', () => {
  const agent = new UserAgent();
  let system: System;
  let issuer: string;
  let userToken: string;
  let me: string;

  beforeAll(async () => {
    system = await new System((await System.onFreePorts()).ports, { DATABASE_URL: 'sqlite::memory:' }).up(
      'auth-server',
      'calendar',
      'calendar-service',
    );
    issuer = system.url('auth-server');
    const redirectUri = `${system.url('client-app')}/callback`;
    const scope = 'openid user.read linked_accounts.read linked_accounts.write';
    const resource = [system.url('user-service'), `${issuer}/me`];
    const fields = await obtainCode(
      { issuer, clientId: 'client-app', redirectUri, scope, parameters: { resource } },
      agent,
    );
    const authorization = basic('client-app', 'client-app-secret');
    const first = await postForm(`${issuer}/oauth2/token`, { ...fields, resource: resource[0] }, { authorization });
    userToken = String(first.body['access_token']);
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) };
    const second = await postForm(`${issuer}/oauth2/token`, { ...refresh, resource: resource[1] }, { authorization });
    me = String(second.body['access_token']);
  }, 60_000);
  afterAll(() => system.down());

  const exchange = (): Promise<Answer> =>
    postForm(
      `${issuer}/oauth2/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: userToken,
        subject_token_type: TokenType.AccessToken,
        requested_token_type: TokenType.ConnectedAccount,
        audience: 'calendar',
      },
      { authorization: basic('lab-1', 'lab-secret') },
    );
  const asPerson = async (path: string, body?: object): Promise<Answer> => {
    const headers = { authorization: `Bearer ${me}`, ...(body && { 'content-type': 'application/json' }) };
    const init = { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) };
    return toAnswer(await fetch(`${issuer}/me/linked-accounts${path}`, init));
  };

  it('is asked for before it is there', async () => {
    expect((await exchange()).body).toMatchObject({
      error: 'interaction_required',
      interaction_uri: `${issuer}/linked-accounts?provider=calendar&scope=calendar.read`,
    });
  });

  it('is linked at the provider, by the consent of its user there, and read with the provider’s own token', async () => {
    const verifier = randomBytes(32).toString('base64url');
    const redirect_uri = `${system.url('client-app')}/callback`;
    const begun = await asPerson('', {
      provider: 'calendar',
      scope: 'calendar.read',
      redirect_uri,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    expect(begun.status).toBe(201);
    const login = await agent.follow(await agent.get(String(begun.body['connect_uri'])));
    expect(new URL(login.url).pathname).toMatch(/^\/login\//);
    const consent = await agent.follow(await agent.submit(login.url, { username: 'bael', password: 'password' }));
    expect(await consent.clone().text()).toContain('calendar.read');
    const back = await agent.follow(await agent.submit(consent.url, { decision: 'allow' }), redirect_uri);
    const [, connect_code] = /connect_code=([\w-]+)/.exec(await back.text()) ?? [];
    const linked = await asPerson('/complete', { connect_code, code_verifier: verifier });
    expect(linked.body).toMatchObject({ provider: 'calendar', account: 'bael@calendar.example', status: 'active' });

    const { status, body } = await exchange();
    expect([status, body['scope']]).toEqual([200, 'calendar.read']);
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    const calendar = await toAnswer(await fetch(`${system.url('calendar-service')}/events`, { headers }));
    expect(calendar.body).toMatchObject({ user: 'bael', client: 'onbehalf-vault' });
    // a token of the provider is nothing at home
    expect((await fetch(`${issuer}/me/linked-accounts`, { headers })).status).toBe(401);
  });

  it('is unlinked with an end at the provider', async () => {
    const list = await asPerson('');
    const [{ id }] = list.body['linked_accounts'] as [{ id: string }];
    const headers = { authorization: `Bearer ${me}` };
    const token = String((await exchange()).body['access_token']);
    const gone = await fetch(`${issuer}/me/linked-accounts/${id}`, { method: 'DELETE', headers });
    expect(await gone.json()).toEqual({ revoked_at_provider: true });
    expect((await exchange()).body['error']).toBe('interaction_required');
    const form = { token };
    const introspected = await postForm(`${system.url('calendar')}/oauth2/introspect`, form, {
      authorization: basic('onbehalf-vault', 'calendar-client-secret'),
    });
    expect(introspected.body).toEqual({ active: false });
  });
});
