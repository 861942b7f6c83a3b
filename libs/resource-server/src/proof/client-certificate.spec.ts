import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { createTestCertificate, type TestCertificate } from '@onbehalf/testing-internal';
import { createHash, X509Certificate } from 'node:crypto';
import type { Server } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { ResourceServerModule, type MtlsOptions } from '../index.js';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

const derOf = ({ certificate }: TestCertificate) => new X509Certificate(certificate).raw;
const thumbprintOf = (certificate: TestCertificate) =>
  createHash('sha256').update(derOf(certificate)).digest('base64url');

const MISMATCH = 'Bearer error="invalid_token", error_description="The token is bound to another client certificate"';

describe('RFC 8705 §3: certificate-bound access tokens', () => {
  let issuer: TestIssuer;
  let holder: TestCertificate;
  let stranger: TestCertificate;
  let token: string;
  const apps: INestApplication<Server>[] = [];

  beforeAll(async () => {
    issuer = await createTestIssuer();
    [holder, stranger] = ['client', 'stranger'].map(createTestCertificate) as [TestCertificate, TestCertificate];
    token = await issuer.token({ cnf: { 'x5t#S256': thumbprintOf(holder) } });
  });
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  const start = async (platform: string, mtls: MtlsOptions, https?: object) => {
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { mtls })],
      controllers: [MessageController],
    }).compile();
    const adapter = new FastifyAdapter(https ? ({ https } as object) : undefined);
    const app: INestApplication<Server> =
      platform === 'express'
        ? module.createNestApplication({ httpsOptions: https })
        : module.createNestApplication(adapter);
    await app.listen(0, '127.0.0.1');
    apps.push(app);
    return app;
  };

  describe.each(['express', 'fastify'])('from the TLS socket of %s', (platform) => {
    let port: number;
    beforeAll(async () => {
      const { certificate: cert, privateKey: key } = createTestCertificate('localhost');
      const app = await start(
        platform,
        { certificate: 'socket' },
        { cert, key, requestCert: true, rejectUnauthorized: false },
      );
      port = (app.getHttpServer().address() as AddressInfo).port;
    });

    const get = (client: TestCertificate | undefined, headers: Record<string, string> = {}) =>
      new Promise<{ status: number; challenge?: string }>((resolve, reject) => {
        const agent = new Agent({
          cert: client?.certificate,
          key: client?.privateKey,
          rejectUnauthorized: false,
          maxCachedSessions: 0,
        });
        const sent = { ...headers, authorization: `Bearer ${token}` };
        httpsRequest({ host: '127.0.0.1', port, path: '/message', agent, headers: sent }, (response) => {
          response.resume().on('end', () => {
            agent.destroy();
            resolve({ status: response.statusCode!, challenge: response.headers['www-authenticate'] });
          });
        })
          .on('error', reject)
          .end();
      });

    it('accepts the holder', async () => {
      expect(await get(holder)).toEqual({ status: 200, challenge: undefined });
    });

    it('refuses another certificate, and none', async () => {
      expect(await get(stranger)).toEqual({ status: 401, challenge: MISMATCH });
      expect(await get(undefined)).toEqual({ status: 401, challenge: MISMATCH });
    });

    it('does not read a header', async () => {
      const header = `:${derOf(holder).toString('base64')}:`;
      expect(await get(stranger, { 'client-cert': header })).toEqual({ status: 401, challenge: MISMATCH });
    });
  });

  describe.each(['express', 'fastify'])('from a proxy in front of %s', (platform) => {
    const certificate = { header: 'Client-Cert', trustedProxies: ['127.0.0.0/8'] };
    let app: INestApplication<Server>;
    beforeAll(async () => {
      app = await start(platform, { certificate });
    });
    const get = (header: string | undefined, target = app) => {
      const sent = request(target.getHttpServer()).get('/message').auth(token, { type: 'bearer' });
      return header === undefined ? sent : sent.set('Client-Cert', header);
    };

    it('accepts the holder, in the form of RFC 9440 and as encoded PEM', async () => {
      expect((await get(`:${derOf(holder).toString('base64')}:`)).status).toBe(200);
      expect((await get(encodeURIComponent(holder.certificate))).status).toBe(200);
    });

    it.each<[string, () => string | undefined]>([
      ['another certificate', () => `:${derOf(stranger).toString('base64')}:`],
      ['no header', () => undefined],
      ['the thumbprint alone', () => thumbprintOf(holder)],
      ['no certificate', () => ':aGVsbG8=:'],
      ['broken encoding', () => '%E0%A4%A'],
      ['two headers in one', () => `:${derOf(holder).toString('base64')}:, :${derOf(stranger).toString('base64')}:`],
    ])('refuses %s', async (_case, header) => {
      const response = await get(header());
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, MISMATCH]);
    });

    it('does not believe the header of anyone else', async () => {
      const elsewhere = await start(platform, { certificate: { ...certificate, trustedProxies: ['10.0.0.1', '::1'] } });
      const response = await get(`:${derOf(holder).toString('base64')}:`, elsewhere);
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, MISMATCH]);
    });

    it('can refuse tokens that are not bound', async () => {
      const required = await start(platform, { certificate, required: true });
      const response = await request(required.getHttpServer())
        .get('/message')
        .auth(await issuer.token(), { type: 'bearer' });
      expect(response.body).toMatchObject({
        error: 'invalid_token',
        error_description: 'A token that is bound to a client certificate is required',
      });
    });
  });
});
