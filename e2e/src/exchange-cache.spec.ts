import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { System } from '../../tools/system.ts';
import { logIn } from './authorization-code.js';
import { basic, postForm, toAnswer, type Answer } from './form-post.js';

interface MessageAnswer {
  readonly hops: readonly { readonly service: string; readonly claims: JWTPayload }[];
}

describe('the exchange cache, through the apps', () => {
  let system: System;

  beforeAll(async () => {
    system = await (await System.onFreePorts()).up('auth-server', 'user-service', 'message-service');
  }, 60_000);

  afterAll(() => system.down());

  async function tokenA(): Promise<string> {
    const { body } = await logIn({
      issuer: system.url('auth-server'),
      clientId: 'client-app',
      redirectUri: `${system.url('client-app')}/callback`,
      scope: 'openid profile user.read',
      authorization: basic('client-app', 'client-app-secret'),
    });
    return String(body['access_token']);
  }

  const message = async (token: string): Promise<Answer> =>
    toAnswer(
      await fetch(`${system.url('user-service')}/user/message`, { headers: { authorization: `Bearer ${token}` } }),
    );

  const jtis = ({ body }: Answer): unknown[] => (body as unknown as MessageAnswer).hops.map(({ claims }) => claims.jti);

  it('100 user calls cause one exchange', async () => {
    const token = await tokenA();
    const answers = await Promise.all(Array.from({ length: 100 }, () => message(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(100).fill(200));
    // Token A, one Token B, one Token C: a second exchange would have made a second one
    expect(new Set(answers.flatMap(jtis)).size).toBe(3);
  });

  it('another login of the same user is another subject token: nothing is reused', async () => {
    const [one, other] = [await message(await tokenA()), await message(await tokenA())];
    expect(new Set([...jtis(one), ...jtis(other)]).size).toBe(6);
  });

  it('a revoked token is not exchanged any more: 403, and nothing that looks like "log in again"', async () => {
    const token = await tokenA();
    const authorization = basic('client-app', 'client-app-secret');
    const revoked = await postForm(`${system.url('auth-server')}/oauth2/revoke`, { token }, { authorization });
    expect(revoked.status).toBe(200);
    const { status, headers, body } = await message(token);
    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toBeNull();
    expect(body).toMatchObject({ status: 403, error: 'access_denied' });
  });
});
