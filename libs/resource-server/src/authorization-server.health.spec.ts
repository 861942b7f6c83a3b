import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type ServedTestIssuer } from '@onbehalf/testing';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { AuthorizationServerHealthIndicator, ResourceServerModule } from './index.js';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

const UNAVAILABLE = {
  error: 'temporarily_unavailable',
  error_description: 'The access token cannot be verified now',
};

describe('a service and its authorization server', () => {
  let issuer: ServedTestIssuer;
  let app: INestApplication<Server>;
  beforeEach(async () => {
    issuer = await createTestIssuer({ http: true });
  });
  afterEach(() => app.close());

  const start = async (issuerUrl: string, jwksUri?: string) => {
    const module = await Test.createTestingModule({
      imports: [
        ResourceServerModule.forRootAsync({
          useFactory: () => ({ issuer: issuerUrl, jwksUri, audience: 'service', global: true }),
        }),
      ],
      controllers: [MessageController],
    }).compile();
    app = await module.createNestApplication<INestApplication<Server>>().init();
  };
  const get = (token: string) => request(app.getHttpServer()).get('/message').auth(token, { type: 'bearer' });
  const health = () => app.get(AuthorizationServerHealthIndicator).check('authorization-server');

  it('finds the keys by discovery, or where it is told', async () => {
    for (const jwksUri of [undefined, issuer.jwksUri]) {
      await start(issuer.issuer, jwksUri);
      expect((await get(await issuer.token())).status).toBe(200);
      expect(await health()).toEqual({ 'authorization-server': { status: 'up' } });
      await app.close();
    }
    await issuer.close();
  });

  it('starts without it, is unready, answers 503 and recovers by itself', async () => {
    let isUp = false;
    const server = createServer((_request, response) =>
      response.writeHead(isUp ? 200 : 503).end(isUp ? JSON.stringify(issuer.jwks) : ''),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const token = await issuer.token();
    await start(issuer.issuer, `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`);
    expect(await health()).toEqual({
      'authorization-server': {
        status: 'down',
        message: expect.stringMatching(
          new RegExp(
            `^The keys of ${issuer.issuer} are unavailable; cannot get the keys of .* answered with status 503$`,
          ),
        ) as unknown,
      },
    });
    const response = await get(token);
    expect(response.status).toBe(503);
    expect(Number(response.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(response.headers['www-authenticate']).toBeUndefined();
    expect(response.body).toEqual(UNAVAILABLE);
    expect((await request(app.getHttpServer()).get('/message')).status).toBe(401);
    isUp = true;
    while ((await get(token)).status === 503) await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await get(token)).status).toBe(200);
    expect(await health()).toEqual({ 'authorization-server': { status: 'up' } });
    server.close();
    await issuer.close();
  }, 15_000);

  it('refuses what is no token of its issuer also while the keys are out', async () => {
    const foreign = await createTestIssuer({ issuer: 'https://other.test' });
    await issuer.close();
    await start(issuer.issuer);
    expect((await get(await foreign.token())).status).toBe(401);
    expect((await get('no.jwt.here')).status).toBe(401);
  });
});
