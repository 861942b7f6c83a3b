import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createApp, hostSettings, readEnvironment, type CreatedApp } from '@onbehalf/service-host';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { freePort } from '@onbehalf/testing-internal';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Browser } from './browser.fixture.js';
import { clientApp } from './client-app.js';
import { environment, Settings } from './settings.js';
import { TestProvider } from './test-provider.fixture.js';

const file = join(mkdtempSync(join(tmpdir(), 'client-app-identity-')), 'token');
const { publicKey, privateKey } = await generateKeyPair('ES256');
const lines: string[] = [];
let provider: TestProvider;
let userService: TestServer;
let jwks: TestServer;
let app: CreatedApp;
let base: string;

/** The platform puts another token into the place of the last one: the server takes none twice. */
async function renew(): Promise<void> {
  const token = new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'ES256' })
    .setIssuer('client-app')
    .setSubject('client-app')
    .setAudience(provider.issuer)
    .setIssuedAt()
    .setExpirationTime('1m');
  writeFileSync(file, `${await token.sign(privateKey)}\n`);
}

beforeAll(async () => {
  const port = await freePort();
  base = `http://localhost:${port}`;
  userService = await startTestServer(() => ({ body: { message: 'Hello', hops: [] } }));
  const keys = [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' }];
  jwks = await startTestServer(() => ({ body: { keys } }));
  provider = await TestProvider.start(base, {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks_uri: jwks.url,
  });
});
beforeEach(async () => {
  provider.reset();
  lines.length = 0;
  await renew();
  const given = {
    PORT: new URL(base).port,
    ISSUER: provider.issuer,
    USER_SERVICE_URL: userService.url,
    DATABASE_URL: 'sqlite::memory:',
    CLIENT_ASSERTION_FILE: file,
  };
  app = await createApp(clientApp, given, { write: (line) => void lines.push(line) });
  await app.listen();
});
afterEach(() => app.close(0));
afterAll(async () => {
  await Promise.all([provider.stop(), userService.close(), jwks.close()]);
});

describe('RFC 7523 §2.2: a client that its platform knows', () => {
  it('redeems the code, refreshes and revokes, each time by what is in the file then', async () => {
    provider.firstTokenLifetime = 5;
    const browser = new Browser();
    const page = await browser.open(`${base}/login`);
    expect(page.body).toContain("Hello 'baeldung (client-app)'");
    await renew();
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(200);
    expect(provider.refreshes).toBe(1);
    await renew();
    await browser.submit(`${base}/logout`);
    expect(provider.revocations).toBe(1);
    expect(lines.filter((line) => line.includes('"level":"warn"'))).toEqual([]);
  });

  it('without its file can sign nobody in now, and says why in the log alone', async () => {
    const browser = new Browser();
    const back = await browser.openUntil(`${base}/login`, `${base}/callback`);
    rmSync(file);
    const page = await browser.request(back);
    expect([page.status, page.headers.get('retry-after'), page.body.includes(file)]).toEqual([503, '1', false]);
    expect(lines.join()).toContain(`The client assertion in ${file} cannot be used: ENOENT`);
    await renew();
    expect((await browser.open(back)).body).toContain("Hello 'baeldung");
    expect(browser.names().filter((name) => name.startsWith('client-app.login.'))).toEqual([]);
  });

  it('with a session stays signed in while the file is gone', async () => {
    provider.firstTokenLifetime = 5;
    const browser = new Browser();
    await browser.open(`${base}/login`);
    rmSync(file);
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(503);
    await renew();
    expect((await browser.request(`${base}/api/user/message`)).status).toBe(200);
  });
});

describe('CLIENT_ASSERTION_FILE', () => {
  const schema = environment.safeExtend(hostSettings(0).shape);
  const start = (given: Record<string, string>) => new Settings(readEnvironment(schema, given));

  it('is in the place of the secret, also where the authorization server is elsewhere', () => {
    const elsewhere = { ISSUER: 'https://login.example.com', CLIENT_ASSERTION_FILE: file };
    expect(start(elsewhere).client).toEqual({ clientId: 'client-app', assertionFile: file });
  });

  it.each([
    ['nothing at its path', '/nowhere', 'ENOENT'],
    ['what is no JWT', new URL(import.meta.url).pathname, 'it is no JWT'],
  ])('stops the start with %s', (_, path, reason) => {
    expect(() => start({ CLIENT_ASSERTION_FILE: path })).toThrow(
      `CLIENT_ASSERTION_FILE is "${path}"; accepted: the path of a file that holds a JWT (${reason})`,
    );
  });

  it('stops the start together with a secret', () => {
    expect(() => start({ CLIENT_ASSERTION_FILE: file, CLIENT_SECRET: randomUUID() })).toThrow(
      `CLIENT_ASSERTION_FILE is "${file}"; accepted: either CLIENT_SECRET or CLIENT_ASSERTION_FILE`,
    );
  });
});
