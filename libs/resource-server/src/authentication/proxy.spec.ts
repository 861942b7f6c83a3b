import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { AuthorizationServerHealthIndicator, ResourceServerModule } from '../index.js';

const ISSUER = 'http://issuer.test';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

let issuer: TestIssuer;
let proxy: Server;
let app: INestApplication<Server>;
const asked: string[] = [];
const environment = { ...process.env };

beforeEach(async () => {
  issuer = await createTestIssuer({ issuer: ISSUER });
  const answers: Readonly<Record<string, object>> = {
    '/.well-known/openid-configuration': { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` },
    '/jwks': issuer.jwks,
    '/introspect': { active: true },
    '/revocations': { tokens: [] },
  };
  proxy = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const answer = answers[new URL(incoming.url!).pathname];
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  process.env = { ...environment, http_proxy: `http://127.0.0.1:${port}`, no_proxy: '' };
});
afterEach(async () => {
  process.env = { ...environment };
  await app.close();
  proxy.closeAllConnections();
  proxy.close();
});

it('keys, introspection and revocations come through the proxy of the environment, as exchanges do', async () => {
  const client = { clientId: 'service', clientSecret: 'secret' };
  const module = await Test.createTestingModule({
    imports: [
      ResourceServerModule.forRoot({
        issuer: ISSUER,
        audience: issuer.audience,
        global: true,
        allowInsecureHttp: true,
        introspection: { endpoint: `${ISSUER}/introspect`, client },
        revocationFeed: { url: `${ISSUER}/revocations` },
      }),
    ],
    controllers: [MessageController],
  }).compile();
  app = await module.createNestApplication<INestApplication<Server>>().init();
  const answer = await request(app.getHttpServer())
    .get('/message')
    .auth(await issuer.token(), { type: 'bearer' });
  expect(answer.status).toBe(200);
  expect(await app.get(AuthorizationServerHealthIndicator).check('server')).toEqual({ server: { status: 'up' } });
  expect(new Set(asked)).toEqual(
    new Set([
      `GET ${ISSUER}/.well-known/openid-configuration`,
      `GET ${ISSUER}/jwks`,
      `POST ${ISSUER}/introspect`,
      `GET ${ISSUER}/revocations`,
    ]),
  );
});
