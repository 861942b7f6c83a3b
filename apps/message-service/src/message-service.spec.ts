import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo } from 'node:net';
import { createApp, type CreatedApp } from '@onbehalf/service-host';
import { createTestIssuer, startTestServer, type ServedTestIssuer, type TestServer } from '@onbehalf/testing';
import { decodeJwt } from 'jose';
import { messageService } from './message-service.js';

// RFC 9728 §5.1
const METADATA = 'resource_metadata="http://localhost:8082/.well-known/oauth-protected-resource"';
let issuer: ServedTestIssuer;
let tokenEndpoint: TestServer;
let userService: TestServer;
let app: CreatedApp;
let base: string;
let tokenC: string;

beforeAll(async () => {
  issuer = await createTestIssuer({ http: true, audience: 'message-service' });
  tokenEndpoint = await startTestServer(() => ({}));
  userService = await startTestServer(({ headers }) => ({
    body: {
      subject: 'baeldung',
      name: 'Baeldung',
      hops: [{ service: 'user-service', claims: decodeJwt(headers.authorization?.slice(7) ?? '') }],
    },
  }));
  const given = {
    PORT: '0',
    PUBLIC_URL: 'http://localhost:8082',
    ISSUER: issuer.issuer,
    TOKEN_ENDPOINT: `${tokenEndpoint.url}/token`,
    USER_SERVICE_URL: userService.url,
  };
  app = await createApp(messageService, given, { write: () => undefined });
  base = `http://localhost:${((await app.listen()).address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close(0);
  await Promise.all([issuer.close(), tokenEndpoint.close(), userService.close()]);
});

beforeEach(async () => {
  tokenEndpoint.requests.length = 0;
  userService.requests.length = 0;
  const act = { sub: 'message-service', act: { sub: 'user-service' } };
  tokenC = await issuer.token({ sub: 'baeldung', aud: 'user-service', scope: 'user.read', act });
  tokenEndpoint.answering = () => ({
    body: {
      access_token: tokenC,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    },
  });
});

const tokenB = (claims: Record<string, unknown> = {}): Promise<string> =>
  issuer.token({ sub: 'baeldung', scope: 'message.read', act: { sub: 'user-service' }, ...claims });

async function call(token?: string): Promise<Response> {
  return fetch(`${base}/message`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
}

describe('GET /message', () => {
  it('exchanges the token once more, for the profile of the user at user-service', async () => {
    const token = await tokenB();
    await call(token);
    expect(Object.fromEntries(tokenEndpoint.requests[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'user-service',
      scope: 'user.read',
    });
    expect(userService.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/user/profile', `Bearer ${tokenC}`],
    ]);
  });

  it.each([
    [
      { sub: 'user-service' },
      'Hello Baeldung! message-service kept this for you, and user-service took it on your behalf.',
    ],
    [undefined, 'Hello Baeldung! message-service kept this for you, and you took it yourself.'],
  ])('says who took the message, by the actor %j', async (act, message) => {
    const token = await tokenB({ act });
    expect(await (await call(token)).json()).toMatchObject({
      message,
      hops: [
        { service: 'message-service', claims: decodeJwt(token) },
        { service: 'user-service', claims: decodeJwt(tokenC) },
      ],
    });
  });

  it('refuses the token that was made for user-service, and names both audiences', async () => {
    const response = await call(await issuer.token({ aud: 'user-service', scope: 'user.read' }));
    const description = "Invalid audience claim. Expected 'message-service', got 'user-service'";
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(
      `Bearer error="invalid_token", error_description="${description}", ${METADATA}`,
    );
    expect(await response.json()).toEqual({ error: 'invalid_token', error_description: description });
    expect([tokenEndpoint.requests, userService.requests]).toEqual([[], []]);
  });

  it('needs the scope message.read, and says so', async () => {
    const response = await call(await tokenB({ scope: 'message.write' }));
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toMatch(
      /^Bearer error="insufficient_scope".*scope="message\.read"/,
    );
  });

  it('answers a call without a token with a challenge that names the scope', async () => {
    const response = await call();
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer scope="message.read", ${METADATA}`,
    ]);
  });
});
