import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, VERSION_NEUTRAL, VersioningType, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { createTestIssuer } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import type { Server } from 'node:http';
import request from 'supertest';
import { Public, ResourceServerModule, type ResourceServerOptions } from './index.js';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

@Controller({ version: VERSION_NEUTRAL })
class CatchAllController {
  @Get('*')
  @Public()
  any() {
    return 'caught';
  }
}

describe.each(['express', 'fastify'])('RFC 9728 on %s', (platform) => {
  let app: INestApplication<Server>;
  afterEach(() => app.close());

  const start = async (options: Partial<ResourceServerOptions>, prefix = 'v1') => {
    const issuer = await createTestIssuer();
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, options)],
      controllers: prefix === '' ? [CatchAllController] : [MessageController],
    }).compile();
    app = platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    if (prefix !== '') app.setGlobalPrefix(prefix);
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    await app.init();
    if (platform === 'fastify') await (app.getHttpAdapter().getInstance() as { ready(): Promise<void> }).ready();
    return issuer;
  };
  const get = (path: string) => request(app.getHttpServer()).get(path);

  it(requirement('RFC9728-3.2-answer', 'a successful response MUST use 200 and application/json'), async () => {
    await start({ resource: { resource: 'https://api.test', name: 'Messages' }, scopes: ['message.read'] });
    const response = await get('/.well-known/oauth-protected-resource');
    expect([response.status, response.type]).toEqual([200, 'application/json']);
    expect(response.body).toEqual({
      resource: 'https://api.test',
      authorization_servers: ['https://issuer.test'],
      scopes_supported: ['message.read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Messages',
    });
  });

  it(
    requirement('RFC9728-3.1-path', 'the well-known URI string is inserted between the host and the path'),
    async () => {
      await start({ resource: { resource: 'https://api.test/messages' } });
      const response = await get('/.well-known/oauth-protected-resource/messages');
      expect(response.body).toMatchObject({ resource: 'https://api.test/messages' });
      expect((await get('/.well-known/oauth-protected-resource')).status).toBe(404);
    },
  );

  it(
    requirement(
      'RFC9728-2-bound',
      'the metadata tells whether DPoP-bound and certificate-bound access tokens are demanded',
    ),
    async () => {
      await start({
        resource: { resource: 'https://api.test' },
        dpop: { baseUrl: 'https://api.test', algorithms: ['ES256'], required: true },
        mtls: { certificate: 'socket' },
      });
      expect((await get('/.well-known/oauth-protected-resource')).body).toMatchObject({
        dpop_signing_alg_values_supported: ['ES256'],
        dpop_bound_access_tokens_required: true,
        tls_client_certificate_bound_access_tokens: true,
      });
    },
  );

  it(
    requirement('RFC9728-5.1-challenge', 'resource_metadata in WWW-Authenticate is the URL of the metadata'),
    async () => {
      const issuer = await start({ resource: { resource: 'https://api.test/messages' } });
      const metadata = 'resource_metadata="https://api.test/.well-known/oauth-protected-resource/messages"';
      expect((await get('/v1/v1/message')).headers['www-authenticate']).toBe(`Bearer ${metadata}`);
      const response = await get('/v1/v1/message').auth(await issuer.token({ aud: 'other' }), { type: 'bearer' });
      expect(response.headers['www-authenticate']).toBe(
        `Bearer error="invalid_token", error_description="Invalid audience claim. Expected 'service', got 'other'", ${metadata}`,
      );
    },
  );

  it('is not hidden by a route that catches all, and is for clients in browsers', async () => {
    await start({ resource: { resource: 'https://api.test' } }, '');
    expect((await get('/other')).text).toBe('caught');
    const response = await get('/.well-known/oauth-protected-resource').set('Origin', 'https://app.test');
    expect(response.body).toMatchObject({ resource: 'https://api.test' });
    expect(response.headers['access-control-allow-origin']).toBe('*');
    const preflight = await request(app.getHttpServer()).options('/.well-known/oauth-protected-resource');
    expect([preflight.status, preflight.headers['access-control-allow-headers']]).toEqual([204, '*']);
  });

  it('serves nothing when it is not asked to', async () => {
    await start({});
    expect((await get('/.well-known/oauth-protected-resource')).status).toBe(404);
  });
});
