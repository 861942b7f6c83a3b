import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { basic, logIn, postForm, startPgBouncer, startPostgres } from '@onbehalf/testing-internal';
import { RunningApp, System, freePort } from '../../tools/system.ts';

const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };
const ENCRYPTION_KEYS = randomBytes(32).toString('base64');
const REQUESTS = 400;
const LANES = 20;

const postgres = await startPostgres();
const bouncer = postgres && (await startPgBouncer(postgres.url));

(bouncer ? describe : describe.skip)('auth-server behind PgBouncer in transaction mode', () => {
  afterAll(async () => {
    await bouncer?.stop();
    await postgres?.stop();
  });

  const settingsOf = async () => ({ DATABASE_URL: (await bouncer!.database()).pooled, ENCRYPTION_KEYS });

  it(`serves a login, ${REQUESTS} exchanges and a revocation with three connections for ${LANES} callers`, async () => {
    const settings = { ...(await settingsOf()), DATABASE_POOLING: 'transaction' };
    const system = await (await System.onFreePorts(settings)).up('auth-server');
    const issuer = system.url('auth-server');
    const post = (path: string, form: Record<string, string>, client = SERVICE) =>
      postForm(issuer + path, form, client);
    const redirectUri = `${system.url('client-app')}/callback`;
    const login = await logIn({ issuer, clientId: 'client-app', redirectUri, scope: 'openid user.read', ...CLIENT });
    const token = String(login.body['access_token']);
    const exchange = { grant_type: GrantType.TokenExchange, audience: 'message-service', scope: 'message.read' };
    const subject = { subject_token: token, subject_token_type: TokenType.AccessToken };
    const statuses: number[] = [];
    const lane = async (): Promise<void> => {
      while (statuses.length < REQUESTS)
        statuses.push((await post('/oauth2/token', { ...exchange, ...subject })).status);
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect((await post('/oauth2/revoke', { token }, CLIENT)).status).toBe(200);
    expect((await post('/oauth2/introspect', { token })).body).toEqual({ active: false });
    expect((await fetch(`${issuer}/health/ready`)).status).toBe(200);
    await system.down();
  }, 60_000);

  it('refuses to start with one line where nobody has told of it', async () => {
    const server = new RunningApp('auth-server', await freePort(), await settingsOf());
    expect(await server.exit).toBe(1);
    expect(server.lines).toEqual([
      expect.stringContaining(
        'DATABASE_POOLING is "none"; accepted: transaction, because DATABASE_URL leads to a pooler, which refuses statement_timeout',
      ),
    ]);
  }, 60_000);
});
