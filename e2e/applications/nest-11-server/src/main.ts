import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  parseServerConfig,
  SigningKeys,
} from '@onbehalf/authorization-server';
import { openStore } from '@onbehalf/authorization-store';

async function main() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`;
  const store = await openStore({ url: 'sqlite::memory:', sweepInterval: 0 });
  const config = parseServerConfig(JSON.parse(process.env['CONFIGURATION']!) as object, {});
  @Module({
    imports: [
      AuthorizationServerModule.forRoot({
        issuer,
        config,
        keys: await SigningKeys.generate(),
        cookieKeys: [randomBytes(32).toString('hex')],
        nonceSecret: randomBytes(32),
        storage: store,
      }),
    ],
  })
  class AppModule {}
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['warn', 'error'] });
  app.use(app.get(AuthorizationServer).middleware);
  await app.init();
  server.on('request', app.getHttpAdapter().getInstance());
  console.log(JSON.stringify({ url: issuer }));
  process.once('SIGTERM', () => {
    server.close();
    server.closeAllConnections();
    void app
      .close()
      .then(() => store.close())
      .then(() => process.exit(0));
  });
}
void main();
