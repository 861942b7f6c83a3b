import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import {
  type Answer,
  basic,
  execute,
  type Fields,
  logIn,
  type Login,
  obtainCode,
  postForm,
  requirement,
} from '@onbehalf/testing-internal';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { System } from '../../tools/system.ts';
import { DEMO, configurationFile } from './demo-file.js';
import { closeStores, sharedStores } from './shared-stores.js';
import { storeSettings } from './store-settings.js';

const APP = { authorization: basic('client-app', 'client-app-secret') };
const SERVICE = { authorization: basic('user-service', 'user-service-secret') };
/** Seconds. */
const GRACE = 30;

afterAll(closeStores);

describe.each(sharedStores)('a refused request uses nothing up, on $name', ({ open }) => {
  let url: string;
  /** Forgives nothing. */
  let strict: System;
  /** Beside it, with a grace. */
  let lenient: System;
  let server: string;

  beforeAll(async () => {
    url = await open();
    const shared = storeSettings(url);
    const settings = { ...shared, AUTH_SERVER_CONFIG: configurationFile(DEMO) };
    strict = await (await System.onFreePorts(settings)).up('auth-server');
    server = strict.url('auth-server');
    const wiring = {
      ...shared,
      ISSUER: server,
      CLIENT_APP_URL: strict.url('client-app'),
      USER_SERVICE_RESOURCE: strict.url('user-service'),
      AUTH_SERVER_CONFIG: configurationFile(`${DEMO}\nlifetimes:\n  refreshGrace: ${GRACE}\n`),
    };
    lenient = await (await System.onFreePorts(wiring)).up('auth-server');
  }, 60_000);

  afterAll(async () => {
    await lenient.down();
    await strict.down();
  });

  const login = (more: Partial<Login> = {}): Login => ({
    issuer: server,
    clientId: 'client-app',
    redirectUri: `${strict.url('client-app')}/callback`,
    scope: 'openid user.read',
    ...APP,
    ...more,
  });
  const send = (fields: Fields, headers: Record<string, string> = APP, at = strict): Promise<Answer> =>
    postForm(`${at.url('auth-server')}/oauth2/token`, fields, headers);
  const refresh = (token: unknown, more: Fields = {}): Fields => ({
    grant_type: GrantType.RefreshToken,
    refresh_token: String(token),
    ...more,
  });
  const isActive = async (token: unknown): Promise<unknown> =>
    (await postForm(`${server}/oauth2/introspect`, { token: String(token) }, SERVICE)).body['active'];

  const key = async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const prove = async (jti: string = randomUUID(), htm = 'POST'): Promise<Record<string, string>> => {
      const proof = new SignJWT({ htm, htu: `${server}/oauth2/token`, jti }).setIssuedAt();
      return { dpop: await proof.setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).sign(privateKey) };
    };
    return { prove, thumbprint: await calculateJwkThumbprint(jwk) };
  };

  type Mistake = readonly [name: string, fields: Fields, headers: Record<string, string>];
  const targets: readonly Mistake[] = [
    ['a resource that nobody knows', { resource: 'urn:bogus' }, APP],
    ['a resource that is no URI', { resource: 'bogus' }, APP],
    ['a resource with a fragment', { resource: 'https://api.test/#part' }, APP],
    ['a resource that was not granted', { resource: 'http://localhost:8082' }, APP],
    ['two resources', { resource: ['urn:one', 'urn:two'] }, APP],
    ['no authentication', {}, {}],
    ['a wrong secret', {}, { authorization: basic('client-app', 'guessed') }],
    ['the credentials of another client', {}, SERVICE],
    ['two ways to authenticate', { client_id: 'client-app', client_secret: 'client-app-secret' }, APP],
    ['a grant type twice', { grant_type: ['refresh_token', 'authorization_code'] }, APP],
    ['a proof that is no JWT', {}, { ...APP, dpop: 'proof' }],
  ];

  it.each<Mistake>([
    ...targets,
    ['a scope that was not granted', { scope: 'openid message.read' }, APP],
    ['a scope that is none', { scope: 'user.read "' }, APP],
    ['a scope twice', { scope: ['openid', 'user.read'] }, APP],
  ])('a refresh token: %s', async (_, fields, headers) => {
    const { body } = await logIn(login());
    const refused = await send(refresh(body['refresh_token'], fields), headers);
    expect([400, 401]).toContain(refused.status);
    expect(await isActive(body['access_token'])).toBe(true);
    const repaired = await send(refresh(body['refresh_token']));
    expect([repaired.status, await isActive(body['access_token'])]).toEqual([200, true]);
    expect((await send(refresh(repaired.body['refresh_token']))).status).toBe(200);
  });

  it.each<Mistake>([
    ...targets,
    ['a wrong verifier', { code_verifier: 'x'.repeat(43) }, APP],
    ['no verifier', { code_verifier: undefined }, APP],
    ['another redirect URI', { redirect_uri: 'http://localhost:1/callback' }, APP],
  ])('a code: %s', async (_, fields, headers) => {
    const form = await obtainCode(login());
    const refused = await send({ ...form, ...fields }, headers);
    expect([400, 401]).toContain(refused.status);
    const repaired = await send(form);
    expect(repaired.status).toBe(200);
    expect(await isActive(repaired.body['access_token'])).toBe(true);
  });

  it('a code that is bound to a key: no proof, another key, a proof that was used', async () => {
    const [bound, other] = [await key(), await key()];
    const form = await obtainCode(login({ parameters: { dpop_jkt: bound.thumbprint } }));
    const used = await bound.prove();
    expect((await send({ grant_type: 'client_credentials', scope: 'user.read' }, { ...SERVICE, ...used })).status).toBe(
      200,
    );
    expect((await send(form)).status).toBe(400);
    expect((await send(form, { ...APP, ...(await other.prove()) })).status).toBe(400);
    expect((await send(form, { ...APP, ...(await bound.prove(undefined, 'GET')) })).status).toBe(400);
    const replayed = await bound.prove('once');
    const second = await obtainCode(login({ parameters: { dpop_jkt: bound.thumbprint } }));
    expect((await send(second, { ...APP, ...replayed })).status).toBe(200);
    expect((await send(form, { ...APP, ...replayed })).status).toBe(400);
    expect((await send(form, { ...APP, ...(await bound.prove()) })).body).toMatchObject({ token_type: 'DPoP' });
  });

  it(
    requirement(
      'RFC9700-4.14.2-reuse',
      'the authorization server cannot determine which party submitted the invalid refresh token, but it will revoke the active refresh token',
    ),
    async () => {
      const { body } = await logIn(login());
      const answers = await Promise.all(Array.from({ length: 5 }, () => send(refresh(body['refresh_token']))));
      const accepted = answers.filter(({ status }) => status === 200);
      expect(accepted.length).toBeLessThanOrEqual(1);
      const refusals = answers.filter(({ status }) => status !== 200);
      expect(refusals.map((answer) => answer.body['error'])).toEqual(refusals.map(() => 'invalid_grant'));
      for (const { body: issued } of [{ body }, ...accepted]) {
        expect(await isActive(issued['access_token'])).toBe(false);
        expect((await send(refresh(issued['refresh_token']))).body['error']).toBe('invalid_grant');
      }
    },
  );

  describe('with a grace', () => {
    it('refreshes that come together are all answered, and each answer goes on', async () => {
      const { body } = await logIn(login());
      const again = () => send(refresh(body['refresh_token']), APP, lenient);
      const answers = await Promise.all(Array.from({ length: 5 }, again));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect(new Set(answers.map((answer) => answer.body['refresh_token'])).size).toBe(5);
      for (const { body: issued } of answers) {
        expect(await isActive(issued['access_token'])).toBe(true);
        expect((await send(refresh(issued['refresh_token']), APP, lenient)).status).toBe(200);
      }
    });

    it('holds for the client that the token was issued to alone, and introspection knows that it is used', async () => {
      const { body } = await logIn(login());
      const { body: next } = await send(refresh(body['refresh_token']), APP, lenient);
      expect((await send(refresh(body['refresh_token']), SERVICE, lenient)).status).toBe(400);
      const asked = { token: String(body['refresh_token']) };
      expect((await postForm(`${server}/oauth2/introspect`, asked, APP)).body).toEqual({ active: false });
      expect((await send(refresh(next['refresh_token']), APP, lenient)).status).toBe(200);
    });

    it('ends: a use after it is a theft, and ends everything of the grant', async () => {
      const { body } = await logIn(login());
      const { body: next } = await send(refresh(body['refresh_token']), APP, lenient);
      await execute(url, `update provider_records set consumed_at = consumed_at - ${GRACE + 2} where consumed_at > 0`);
      expect((await send(refresh(body['refresh_token']), APP, lenient)).body['error']).toBe('invalid_grant');
      expect(await isActive(next['access_token'])).toBe(false);
      expect((await send(refresh(next['refresh_token']), APP, lenient)).body['error']).toBe('invalid_grant');
    });

    it('is none for codes', async () => {
      const form = await obtainCode(login());
      const { body } = await send(form, APP, lenient);
      expect((await send(form, APP, lenient)).body['error']).toBe('invalid_grant');
      expect(await isActive(body['access_token'])).toBe(false);
    });
  });
});
