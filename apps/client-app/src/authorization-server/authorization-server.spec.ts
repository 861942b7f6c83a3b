import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { readEnvironment, hostSettings } from '@onbehalf/service-host';
import { environment, Settings } from '../settings.js';
import { AuthorizationServer } from './authorization-server.js';
import { InternalAddress } from './internal-address.js';

const PUBLIC = 'http://localhost:1';
let server: TestServer | undefined;

afterEach(() => server?.close());

/** A server that builds its metadata from the address by which it is called. */
async function start(issuer: string): Promise<TestServer> {
  server = await startTestServer(({ headers }) => ({
    body: {
      issuer,
      authorization_endpoint: `http://${headers.host}/oauth2/authorize`,
      token_endpoint: `http://${headers.host}/oauth2/token`,
      jwks_uri: `http://${headers.host}/oauth2/jwks`,
      end_session_endpoint: `${issuer}/connect/logout`,
    },
  }));
  return server;
}

function authorizationServer(given: Record<string, string>): AuthorizationServer {
  return new AuthorizationServer(new Settings(readEnvironment(environment.extend(hostSettings(8080).shape), given)));
}

describe('where browsers and services reach the authorization server at different addresses', () => {
  it('calls the internal one, and sends browsers to the public one', async () => {
    const { url, requests } = await start(PUBLIC);
    const configuration = await authorizationServer({ ISSUER: PUBLIC, AUTHORIZATION_SERVER_URL: url }).configuration();
    expect(requests.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration']);
    expect(configuration.serverMetadata()).toMatchObject({
      issuer: PUBLIC,
      authorization_endpoint: `${PUBLIC}/oauth2/authorize`,
      end_session_endpoint: `${PUBLIC}/connect/logout`,
    });
  });

  it('refuses the metadata of another issuer', async () => {
    const { url } = await start('http://localhost:2');
    const server = authorizationServer({ ISSUER: PUBLIC, AUTHORIZATION_SERVER_URL: url });
    await expect(server.configuration()).rejects.toMatchObject({ name: 'AuthorizationServerUnavailable' });
  });

  it('takes a token endpoint and a key set address that are given', async () => {
    const { url } = await start(PUBLIC);
    const given = { TOKEN_ENDPOINT: `${url}/elsewhere/token`, JWKS_URI: `${url}/elsewhere/jwks` };
    const server = authorizationServer({ ISSUER: PUBLIC, AUTHORIZATION_SERVER_URL: url, ...given });
    expect((await server.configuration()).serverMetadata()).toMatchObject({
      token_endpoint: given.TOKEN_ENDPOINT,
      jwks_uri: given.JWKS_URI,
    });
  });

  it.each([
    ['http://auth-server:9001', 'http://auth-server:9001/token', 'http://localhost:9001/token'],
    ['http://auth-server:9001', 'http://auth-server:9001', 'http://localhost:9001'],
    ['http://auth-server:9001', 'http://auth-server:90010/token', 'http://auth-server:90010/token'],
    ['http://auth-server', 'http://auth-server.evil.example/token', 'http://auth-server.evil.example/token'],
    ['http://auth-server/base', 'http://auth-server/based/token', 'http://auth-server/based/token'],
  ])('internal %s: %s is for browsers %s', (internal, url, expected) => {
    expect(new InternalAddress('http://localhost:9001', internal).toPublic(url)).toBe(expected);
  });
});

describe('an authorization server that is not there', () => {
  it('is asked by one request at a time, and left alone for a moment after a failure', async () => {
    const { url, requests } = await start('http://localhost:2');
    const server = authorizationServer({ ISSUER: PUBLIC, AUTHORIZATION_SERVER_URL: url });
    await Promise.allSettled([server.configuration(), server.configuration(), server.configuration()]);
    await Promise.allSettled([server.configuration()]);
    expect(requests).toHaveLength(1);
  });
});
