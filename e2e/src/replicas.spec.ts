import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  type Answer,
  basic,
  type Fields,
  logIn,
  type Login,
  obtainCode,
  postForm,
  startPostgres,
  type TestPostgres,
} from '@onbehalf/testing-internal';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { Replicas } from '../../tools/replicas.ts';
import { until } from './until.js';

const CLIENT = { authorization: basic('client-app', 'client-app-secret') };
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };
const ROUNDS = Number(process.env['SOAK_ROUNDS'] ?? 5);
/** Uses of the same thing at the same moment, half of them at each replica. */
const CONCURRENT = 50;

const postgres = await startPostgres();

(postgres ? describe : describe.skip)('two replicas that share PostgreSQL and nothing else', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await Replicas.up(await (postgres as TestPostgres).database());
  }, 60_000);

  afterAll(async () => {
    try {
      await replicas.down();
    } finally {
      await postgres?.stop();
    }
  });

  const redirectUri = 'http://localhost:8080/callback';

  function client(): Login {
    return { issuer: replicas.issuer, clientId: 'client-app', redirectUri, scope: 'openid user.read', ...CLIENT };
  }

  /** Sends the same form many times at once, to both replicas in turn; the answers with a token. */
  async function accepted(form: Fields, headers: Record<string, string>): Promise<Answer[]> {
    const answers = await Promise.all(
      Array.from({ length: CONCURRENT }, (_, i) => postForm(`${replicas.urls[i % 2]}/oauth2/token`, form, headers)),
    );
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    return answers.filter(({ status }) => status === 200);
  }

  /** RFC 9700 §4.14.2: no second success, and whoever was first has nothing left once the second use is noticed. */
  async function expectSingleUse(form: Fields): Promise<void> {
    const successes = await accepted(form, CLIENT);
    expect(successes.length).toBeLessThanOrEqual(1);
    expect((await postForm(`${replicas.issuer}/oauth2/token`, form, CLIENT)).body['error']).toBe('invalid_grant');
    for (const { body } of successes) {
      const next = { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) };
      expect((await postForm(`${replicas.issuer}/oauth2/token`, next, CLIENT)).body['error']).toBe('invalid_grant');
    }
  }

  it('log a user in together: pages, sessions and cookies come from either', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => logIn(client())));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('publish the same keys', async () => {
    const jwks = (): Promise<unknown[]> =>
      Promise.all(
        replicas.urls.map(async (url) => {
          const { keys } = (await (await fetch(`${url}/oauth2/jwks`)).json()) as { keys: { kid: string }[] };
          return keys.map(({ kid }) => kid).toSorted();
        }),
      );
    await until(async () => {
      const [one, other] = (await jwks()) as [string[], string[]];
      return one.length >= 4 && one.join() === other.join();
    });
  });

  it('a refresh token is used once; a second use ends the grant', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { body } = await logIn(client());
      await expectSingleUse({ grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) });
    }
  }, 600_000);

  it('an authorization code is used once; a second use ends the grant', async () => {
    for (let round = 0; round < ROUNDS; round += 1) await expectSingleUse(await obtainCode(client()));
  }, 600_000);

  it('a DPoP proof is used once', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (let round = 0; round < ROUNDS; round += 1) {
      const proof = await new SignJWT({ htm: 'POST', htu: `${replicas.issuer}/oauth2/token`, jti: randomUUID() })
        .setIssuedAt()
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey);
      expect(await accepted({ grant_type: 'client_credentials' }, { ...SERVICE, dpop: proof })).toHaveLength(1);
    }
  }, 600_000);

  it('what one revokes, the other does not exchange', async () => {
    const token = String((await logIn(client())).body['access_token']);
    const [one, other] = replicas.urls as [string, string];
    await postForm(`${one}/oauth2/revoke`, { token }, CLIENT);
    const form = {
      grant_type: GrantType.TokenExchange,
      subject_token: token,
      subject_token_type: TokenType.AccessToken,
      audience: 'message-service',
    };
    expect((await postForm(`${other}/oauth2/token`, form, SERVICE)).body['error']).toBe('invalid_request');
  });

  it('when one dies, what was not begun goes to the other', async () => {
    const form = { grant_type: 'client_credentials' };
    await replicas.app(0).stop('SIGKILL');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => postForm(`${replicas.issuer}/oauth2/token`, form, SERVICE)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
  });
});
