import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  KeyRotation,
  readServerConfig,
  StoredSigningKeys,
} from '@onbehalf/authorization-server';
import { openStore } from '@onbehalf/authorization-store';
import { compareReadme } from '@onbehalf/testing-internal';

const folder = mkdtempSync(join(tmpdir(), 'readme-'));
const configFile = join(folder, 'auth-server.yaml');
const databaseUrl = 'sqlite::memory:';
const cookieKeys = ['a'.repeat(32)];
// what ships with the project keeps nobody out of another server
const secret = randomBytes(16).toString('base64url');
const nonceSecret = Buffer.alloc(32, 1);

writeFileSync(
  configFile,
  `
resources: [{ audience: message-service, scopes: [message.read] }]
clients:
  - clientId: user-service
    secret: ${secret}
    grantTypes: [client_credentials]
    scopes: [message.read]
    defaultResource: message-service
edges: []
`,
);

// #region server
const issuer = 'https://login.example.com';
const store = await openStore({ url: databaseUrl, issuer });
const { keys } = store;
// seconds: how long a key waits before it signs, signs, and stays published after it
const rotation = new KeyRotation(keys, { publishAhead: 3600, signFor: 30 * 86_400, retireFor: 86_400 });

@Module({
  imports: [
    AuthorizationServerModule.forRootAsync({
      useFactory: async () => ({
        issuer,
        config: readServerConfig(configFile, process.env, { issuer }),
        keys: await StoredSigningKeys.open({ store: keys, rotation }),
        storage: store,
        cookieKeys, // secrets that sign the cookies
        nonceSecret, // 32 bytes, equal on all replicas
      }),
    }),
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
// the protocol endpoints stand before any body parser
app.use(app.get(AuthorizationServer).middleware);
// #endregion

/** The example of another spec. */
const TESTING = "const storage = (issuer: string) => openStore({ url: 'sqlite::memory:', issuer });";

describe('the example of the README', () => {
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  it('stands there as it is tested here', () => {
    expect(compareReadme(import.meta.url, ['@Injectable()', "@Controller('orders')", TESTING])).toEqual({
      notQuoted: [],
      notTested: [],
    });
  });

  it('is an authorization server', async () => {
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const metadata = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({ issuer, token_endpoint: `${issuer}/oauth2/token` });
    const answer = await fetch(`http://127.0.0.1:${port}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      headers: { authorization: `Basic ${Buffer.from(`user-service:${secret}`).toString('base64')}` },
    });
    expect([answer.status, await answer.json()]).toMatchObject([200, { token_type: 'Bearer', scope: 'message.read' }]);
  });
});
