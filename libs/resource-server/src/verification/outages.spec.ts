import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, type LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  createTestIssuer,
  startTestServer,
  type TestAnswer,
  type TestIssuer,
  type TestServer,
} from '@onbehalf/testing';
import { createTestCertificate } from '@onbehalf/testing-internal';
import type { Server } from 'node:http';
import request from 'supertest';
import { AuthorizationServerHealthIndicator, ResourceServerModule, type ResourceServerOptions } from '../index.js';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

const client = { clientId: 'service', clientSecret: 'a wrong secret' };

describe('what the guard depends on is out', () => {
  let signer: TestIssuer;
  let server: TestServer;
  let app: INestApplication<Server>;
  let now: number;
  const lines: string[] = [];
  const logger: LoggerService = {
    log: (line: string, context: string) => void (context === 'ResourceServerModule' && lines.push(`log ${line}`)),
    warn: (line: string) => void lines.push(`warn ${line}`),
    error: (line: string) => void lines.push(`error ${line}`),
  };
  beforeAll(async () => {
    signer = await createTestIssuer({ issuer: 'https://issuer.test' });
  });
  beforeEach(async () => {
    server = await startTestServer(() => ({ status: 404 }));
    [lines.length, now] = [0, Math.floor(Date.now() / 1000)];
  });
  afterEach(async () => {
    await app.close();
    await server.close();
  });

  const start = async (options: Partial<ResourceServerOptions>) => {
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forRoot({ audience: 'service', global: true, clock: () => now, ...options })],
      controllers: [MessageController],
    })
      .setLogger(logger)
      .compile();
    app = await module.createNestApplication<INestApplication<Server>>({ logger }).init();
  };
  const given = () => ({ issuers: [{ issuer: signer.issuer, jwks: signer.jwks }] });
  const get = async (claims: Record<string, unknown> = {}) => {
    const token = await signer.token(claims);
    return (await request(app.getHttpServer()).get('/message').auth(token, { type: 'bearer' })).status;
  };
  const indicator = () => app.get(AuthorizationServerHealthIndicator);
  const health = async () => (await indicator().check('server')).server;

  it.each<[string, (path: string) => TestAnswer, string]>([
    ['JWKS 500', (path) => (path === '/jwks' ? { status: 500 } : metadata()), '$/jwks answered with status 500'],
    [
      'another issuer',
      () => metadata('https://else.test'),
      'the metadata names the issuer "https://else.test", not "$"',
    ],
    ['no metadata', () => ({ status: 404 }), '$/.well-known/oauth-authorization-server answered with status 404'],
  ])(
    'the keys, by %s: one line names the cause, readiness shows it, and it is counted',
    async (_case, answer, text) => {
      server.answering = ({ path }) => answer(path);
      await start({ issuer: server.url });
      for (let i = 0; i < 3; i++) expect(await get({ iss: server.url })).toBe(503);
      const cause = text.replace('$', server.url);
      expect(lines).toEqual([`error Cannot get the keys of ${server.url}: ${cause}`]);
      expect(await health()).toEqual({
        status: 'down',
        message: `The keys of ${server.url} are unavailable; cannot get the keys of ${server.url}: ${cause}`,
      });
      expect(indicator().failures()[`the keys of ${server.url}`]).toBeGreaterThan(0);
    },
  );

  const metadata = (issuer = server.url) => ({ body: { issuer, jwks_uri: `${server.url}/jwks` } });

  it('the keys, by a certificate that nobody vouches for', async () => {
    const { certificate, privateKey } = createTestCertificate('issuer');
    const tls = await startTestServer(() => ({}), { tls: { cert: certificate, key: privateKey } });
    await start({ issuer: tls.url });
    for (let i = 0; i < 3; i++) expect(await get({ iss: tls.url })).toBe(503);
    await tls.close();
    const cause = /: fetch failed: self-signed certificate.* \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/;
    expect(lines).toEqual([expect.stringMatching(cause)]);
    expect(lines[0]).toContain(`error Cannot get the keys of ${tls.url}: `);
  });

  it('the keys, by a name that leads to several addresses where nobody listens', async () => {
    const gone = await startTestServer(() => ({}));
    await gone.close();
    await start({ issuer: `http://localhost:${gone.port}` });
    expect(await get({ iss: `http://localhost:${gone.port}` })).toBe(503);
    expect(lines).toEqual([expect.stringMatching(/: fetch failed: (?:connect )?\(?ECONNREFUSED/)]);
  });

  it('introspection, by a wrong secret: named once, shown at readiness, and over when it is', async () => {
    server.answering = () => ({ status: 401 });
    await start({ ...given(), introspection: { endpoint: server.url, client } });
    expect(await health()).toEqual({ status: 'up' });
    for (let i = 0; i < 3; i++, now += 2) expect(await get()).toBe(503);
    const what = `introspection of ${signer.issuer}`;
    const cause = `${server.url} answered with status 401, so it does not take the credentials of "service"`;
    expect(lines).toEqual([`error Cannot get ${what}: ${cause}`]);
    expect(await health()).toEqual({
      status: 'down',
      message: expect.stringContaining(`cannot get ${what}: ${cause}`),
    });
    expect(indicator().failures()[what]).toBe(4);
    // another cause is another line
    server.answering = () => ({ status: 500 });
    expect((await health())?.status).toBe('down');
    server.answering = () => ({ body: { active: true } });
    expect(await health()).toEqual({ status: 'up' });
    now += 2;
    expect(await get()).toBe(200);
    expect(lines.slice(1)).toEqual([
      `error Cannot get ${what}: ${server.url} answered with status 500`,
      `log Got ${what} again`,
    ]);
    expect(lines.join()).not.toContain(client.clientSecret);
  });

  it('introspection, where tokens are accepted meanwhile: the cause is told, and the service is ready', async () => {
    server.answering = () => ({ body: { active: 'yes' } });
    await start({ ...given(), introspection: { endpoint: server.url, client, onOutage: 'accept' } });
    expect(await get()).toBe(200);
    expect(lines).toEqual([expect.stringContaining('did not say whether the token is active')]);
    expect(await health()).toEqual({ status: 'up' });
  });

  it('the revocation feed, by a wrong secret', async () => {
    server.answering = () => ({ status: 401 });
    await start({ ...given(), revocationFeed: { url: server.url, client } });
    for (let i = 0; i < 3; i++) expect(await get()).toBe(503);
    const cause = `${server.url} answered with status 401, so it does not take the credentials of "service"`;
    expect(await health()).toMatchObject({ status: 'down', message: expect.stringContaining(cause) });
    expect(lines).toEqual([`error Cannot get the revocation feed ${server.url}: ${cause}`]);
  });
});
