import { createHash, randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type Answering, type ReceivedRequest, type TestServer } from '@onbehalf/testing';
import { generateKeyPair, SignJWT } from 'jose';
import { settingsSchema, type ProviderSettings } from '../token-vault.schema.js';
import { ProviderClient } from './provider-client.js';
import { ProviderRefused, ProviderUnavailable } from './provider-errors.js';
import { toProvider } from './to-provider.js';

const TENANT = '3b2a9f70-6b5f-4c0e-9a51-0d7f3c6f1a11';
const CLIENT_ID = '2141029472.691202649728';
const CLIENT_SECRET = randomUUID();
const now = (): number => Date.now() / 1000;

const request = {
  redirectUri: 'https://server.example/linked-accounts/callback/x',
  scopes: ['one', 'two'],
  state: 'state',
  nonce: 'nonce',
  codeVerifier: 'v'.repeat(43),
};
const CHALLENGE = createHash('sha256').update(request.codeVerifier).digest('base64url');
const { privateKey } = await generateKeyPair('RS256');
const idToken = (issuer: string, claims: object) =>
  new SignJWT({ nonce: 'nonce', ...claims })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(issuer)
    .setAudience(CLIENT_ID)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);

const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A client of the provider at a server that answers in its shape. */
async function clientOf(
  preset: ProviderSettings['preset'],
  answering: Answering,
  tenant?: string,
): Promise<ProviderClient> {
  const server = await startTestServer(answering);
  servers.push(server);
  const { url } = server;
  const endpoints = {
    authorization: `${url}/authorize`,
    token: `${url}/token`,
    ...(preset !== 'microsoft' && { revocation: `${url}/revoke/{client_id}` }),
    ...(preset === 'github' && { userinfo: `${url}/user` }),
  };
  const { providers } = settingsSchema.parse({
    providers: [{ name: 'x', preset, tenant, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, endpoints }],
  })!;
  return new ProviderClient(toProvider(providers[0]!), now);
}

const back = (more: Record<string, string> = {}) => new URLSearchParams({ code: 'the code', state: 'state', ...more });

/** Takes what a token endpoint must be sent, and nothing else. */
function expectForm({ form, headers }: ReceivedRequest, expected: Record<string, string>): void {
  const credentials = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET };
  expect(Object.fromEntries(form)).toEqual({ ...credentials, ...expected });
  expect(headers['accept']).toBe('application/json');
  expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
}

const codeForm = { grant_type: 'authorization_code', code: 'the code', redirect_uri: request.redirectUri };
const withPkce = { ...codeForm, code_verifier: request.codeVerifier };
const refreshForm = { grant_type: 'refresh_token', refresh_token: 'the refresh token' };
const refusal = async (client: ProviderClient): Promise<unknown> =>
  client.refresh('the refresh token', 'account').catch((error: unknown) => error);

describe('Google', () => {
  const answer = {
    access_token: 'ya29.a0',
    expires_in: 3599,
    token_type: 'Bearer',
    scope: 'one two openid https://www.googleapis.com/auth/userinfo.email',
  };

  it('is asked for offline access, and for consent, without which no refresh token comes', async () => {
    const url = new URL(await (await clientOf('google', () => ({}))).consentUrl(request));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      access_type: 'offline',
      prompt: 'consent',
      response_type: 'code',
      client_id: CLIENT_ID,
      redirect_uri: request.redirectUri,
      scope: 'openid email https://www.googleapis.com/auth/userinfo.email one two',
      state: 'state',
      nonce: 'nonce',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
    });
  });

  it('tells whose account it is by its ID token', async () => {
    const client = await clientOf('google', async (sent) => {
      expectForm(sent, withPkce);
      const id_token = await idToken('https://accounts.google.com', { sub: '1108', email: 'alice@gmail.example' });
      return { body: { ...answer, refresh_token: '1//0g', refresh_token_expires_in: 604799, id_token } };
    });
    const { account, tokens } = await client.redeem(back(), request);
    expect(account).toEqual({ id: '1108', label: 'alice@gmail.example' });
    expect(tokens).toMatchObject({ accessToken: 'ya29.a0', refreshToken: '1//0g', scopes: answer.scope.split(' ') });
    expect(tokens.refreshExpiresAt! - now()).toBeGreaterThan(604_000);
  });

  it('refreshes without another refresh token, and revokes by form', async () => {
    const client = await clientOf('google', (sent) => {
      if (sent.path.startsWith('/revoke')) {
        expect(sent.form.get('token')).toBe('the refresh token');
        return { body: {} };
      }
      expectForm(sent, refreshForm);
      return { body: answer };
    });
    const tokens = await client.refresh('the refresh token', '1108');
    expect(tokens.refreshToken).toBeUndefined();
    expect(await client.revoke({ accessToken: 'ya29.a0', refreshToken: 'the refresh token' })).toBe(true);
  });

  it('has no word for an account that ended by itself: it is revoked', async () => {
    const body = { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' };
    expect(await refusal(await clientOf('google', () => ({ status: 400, body })))).toMatchObject({
      ended: 'revoked',
      code: 'invalid_grant',
    });
  });
});

describe('GitHub', () => {
  const answer = {
    access_token: 'ghu_16C7e42F292c6912E7710c838347Ae178B4a',
    expires_in: 28800,
    refresh_token: 'ghr_1B4a2e77838347a7E420ce178F2E7c6912E169246c34E1ccbF66C46812d16D5B1A9Dc86A1498',
    refresh_token_expires_in: 15897600,
    scope: 'one,two',
    token_type: 'bearer',
  };

  it('tells whose account it is by its API, and lists scopes with commas', async () => {
    const client = await clientOf('github', (sent) => {
      if (sent.path === '/user') {
        expect(sent.headers['authorization']).toBe(`Bearer ${answer.access_token}`);
        expect(sent.headers['user-agent']).toBeTruthy();
        return { body: { login: 'octocat', id: 583231 } };
      }
      expectForm(sent, withPkce);
      return { body: answer };
    });
    const { account, tokens } = await client.redeem(back(), request);
    expect(account).toEqual({ id: '583231', label: 'octocat' });
    expect(tokens).toMatchObject({ scopes: ['one', 'two'], refreshToken: answer.refresh_token });
  });

  it('has tokens of OAuth Apps that do not end', async () => {
    const client = await clientOf('github', ({ path }) =>
      path === '/user'
        ? { body: { login: 'octocat', id: 583231 } }
        : { body: { access_token: 'gho_16C7', scope: 'one', token_type: 'bearer' } },
    );
    const { tokens } = await client.redeem(back(), request);
    expect(tokens.expiresAt).toBeUndefined();
    expect(tokens.refreshToken).toBeUndefined();
  });

  it('refuses with 200, and says by it that the refresh token is over', async () => {
    const body = { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' };
    expect(await refusal(await clientOf('github', () => ({ body })))).toMatchObject({
      ended: 'expired',
      code: 'bad_refresh_token',
    });
    const code = await clientOf('github', () => ({ body: { error: 'bad_verification_code' } }));
    await expect(code.redeem(back(), request)).rejects.toThrow(ProviderRefused);
    const wrong = await clientOf('github', () => ({ body: { error: 'incorrect_client_credentials' } }));
    expect(await refusal(wrong)).toMatchObject({ ended: undefined });
  });

  it('ends a consent by its API', async () => {
    const client = await clientOf('github', ({ method, path, headers, body }) => {
      expect([method, path]).toEqual(['DELETE', `/revoke/${CLIENT_ID}`]);
      expect(headers['authorization']).toBe(`Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}`);
      expect(JSON.parse(body)).toEqual({ access_token: 'ghu_1' });
      return { status: 204, body: '' };
    });
    expect(await client.revoke({ accessToken: 'ghu_1' })).toBe(true);
  });
});

describe('Slack', () => {
  const answer = {
    ok: true,
    app_id: 'A0KRD7HC3',
    team: { id: 'T9TK3CUKW', name: 'Slack Softball Team' },
    authed_user: {
      id: 'U1234',
      scope: 'one,two',
      access_token: 'xoxe.xoxp-1',
      token_type: 'user',
      expires_in: 43200,
      refresh_token: 'xoxe-1',
    },
  };

  it('is asked for scopes of the user, with commas', async () => {
    const url = new URL(await (await clientOf('slack', () => ({}))).consentUrl(request));
    expect(url.searchParams.get('user_scope')).toBe('one,two');
    expect(url.searchParams.has('scope')).toBe(false);
    expect(url.searchParams.has('code_challenge')).toBe(false);
  });

  it('gives the token inside of authed_user', async () => {
    const client = await clientOf('slack', (sent) => {
      expectForm(sent, codeForm);
      return { body: answer };
    });
    const { account, tokens } = await client.redeem(back(), request);
    expect(account).toEqual({ id: 'T9TK3CUKW/U1234', label: 'U1234' });
    expect(tokens).toMatchObject({ accessToken: 'xoxe.xoxp-1', refreshToken: 'xoxe-1', scopes: ['one', 'two'] });
  });

  it('gives refreshed ones at the top', async () => {
    const client = await clientOf('slack', (sent) => {
      expectForm(sent, refreshForm);
      return {
        body: { ok: true, access_token: 'xoxe.xoxp-2', expires_in: 43200, refresh_token: 'xoxe-2', token_type: 'user' },
      };
    });
    expect(await client.refresh('the refresh token', 'T/U')).toMatchObject({
      accessToken: 'xoxe.xoxp-2',
      refreshToken: 'xoxe-2',
    });
  });

  it.each([
    ['invalid_refresh_token', 'expired'],
    ['token_expired', 'expired'],
    ['token_revoked', 'revoked'],
    ['account_inactive', 'revoked'],
    ['bad_client_secret', undefined],
    ['internal_error', undefined],
    ['ratelimited', undefined],
  ])('refuses with 200 and %s: %s', async (error, ended) => {
    expect(await refusal(await clientOf('slack', () => ({ body: { ok: false, error } })))).toMatchObject({ ended });
  });

  it('revokes with the token itself', async () => {
    const client = await clientOf('slack', ({ method, headers }) => {
      expect([method, headers['authorization']]).toEqual(['POST', 'Bearer xoxe.xoxp-1']);
      return { body: { ok: true, revoked: true } };
    });
    expect(await client.revoke({ accessToken: 'xoxe.xoxp-1' })).toBe(true);
    const gone = await clientOf('slack', () => ({ body: { ok: false, error: 'token_revoked' } }));
    expect(await gone.revoke({ accessToken: 'x' })).toBe(false);
  });
});

describe('Microsoft', () => {
  const issuer = `https://login.microsoftonline.com/${TENANT}/v2.0`;
  const answer = {
    token_type: 'Bearer',
    scope: 'https://graph.microsoft.com/one two openid profile',
    expires_in: 3736,
    ext_expires_in: 3736,
    access_token: 'eyJ0-like',
    refresh_token: 'M.R3',
  };

  it('tells whose account it is by an ID token of the tenant, and names scopes of Graph as they were asked for', async () => {
    const client = await clientOf(
      'microsoft',
      async (sent) => {
        expectForm(sent, withPkce);
        const claims = { sub: 'AAAA', preferred_username: 'alice@contoso.example' };
        return { body: { ...answer, id_token: await idToken(issuer, claims) } };
      },
      TENANT,
    );
    const { account, tokens } = await client.redeem(back(), request);
    expect(account).toEqual({ id: 'AAAA', label: 'alice@contoso.example' });
    expect(tokens.scopes).toEqual(['one', 'two', 'openid', 'profile']);
  });

  it('of another tenant is refused', async () => {
    const other = `https://login.microsoftonline.com/${randomUUID()}/v2.0`;
    const client = await clientOf(
      'microsoft',
      async () => ({ body: { ...answer, id_token: await idToken(other, { sub: 'A' }) } }),
      TENANT,
    );
    await expect(client.redeem(back(), request)).rejects.toThrow(ProviderRefused);
  });

  it('that answers a refresh with another account is refused', async () => {
    const refreshed = async () => ({ body: { ...answer, id_token: await idToken(issuer, { sub: 'somebody else' }) } });
    expect(await refusal(await clientOf('microsoft', refreshed, TENANT))).toMatchObject({ code: 'another_account' });
  });

  it.each([
    ['invalid_grant', 'AADSTS700082: The refresh token has expired due to inactivity.', 'expired'],
    ['invalid_grant', 'AADSTS50173: The provided grant has expired due to it being revoked.', 'revoked'],
    ['invalid_grant', 'AADSTS65001: The user or administrator has not consented.', 'revoked'],
    [
      'interaction_required',
      'AADSTS50076: Due to a configuration change, you must use multi-factor authentication.',
      'expired',
    ],
    ['temporarily_unavailable', 'The server is temporarily too busy.', undefined],
    ['invalid_client', 'AADSTS7000215: Invalid client secret provided.', undefined],
  ])('refuses with %s, %s: %s', async (error, error_description, ended) => {
    const client = await clientOf('microsoft', () => ({ status: 400, body: { error, error_description } }), TENANT);
    expect(await refusal(client)).toMatchObject({ ended });
  });

  it('revokes nothing by request, and says so', async () => {
    expect(await (await clientOf('microsoft', () => ({}), TENANT)).revoke({ accessToken: 'x' })).toBe(false);
  });
});

describe('any of them', () => {
  it.each(['google', 'github', 'slack'] as const)('%s that is out is unavailable, not refused', async (preset) => {
    expect(await refusal(await clientOf(preset, () => ({ status: 503 })))).toBeInstanceOf(ProviderUnavailable);
    expect(await (await clientOf(preset, () => ({ status: 503 }))).revoke({ accessToken: 'x' })).toBe(false);
  });

  it('is not believed to be another one that answers with its issuer', async () => {
    const client = await clientOf('github', () => ({ body: {} }));
    await expect(client.redeem(back({ iss: 'https://accounts.google.com' }), request)).rejects.toThrow(ProviderRefused);
  });
});
