import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Headers, type INestApplication, type LoggerService } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CurrentSubject, OptionalToken, ResourceServerModule, Roles, type ResourceServerOptions } from '../index.js';

@Controller()
class RealmController {
  @Get('plain')
  plain(@CurrentSubject() subject: string) {
    return subject;
  }

  @Get('optional')
  @OptionalToken()
  optional(@CurrentSubject() subject: string | undefined, @Headers('x-unused') _unused: string) {
    return subject ?? 'nobody';
  }

  @Get('any')
  @Roles('reader', 'writer')
  any() {
    return 'any';
  }

  @Get('all')
  @Roles({ roles: ['reader', 'writer'], mode: 'ALL' })
  all() {
    return 'all';
  }
}

describe.each(['express', 'fastify'])('realms on %s', (platform) => {
  let one: TestIssuer;
  let other: TestIssuer;
  let app: INestApplication<Server>;
  const servers: Server[] = [];
  beforeAll(async () => {
    one = await createTestIssuer({ issuer: 'https://one.test' });
    other = await createTestIssuer({ issuer: 'https://other.test' });
  });
  afterEach(async () => {
    await app.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  const serve = async (answer: (body: string, response: ServerResponse) => void): Promise<string> => {
    const server = createServer((incoming, response) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
      incoming.on('end', () => answer(body, response));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const lines: string[] = [];
  const logger: LoggerService = {
    log: (line: string) => lines.push(`log ${line}`),
    warn: (line: string) => lines.push(`warn ${line}`),
    error: (line: string) => lines.push(`error ${line}`),
  };
  const start = async (options: Partial<ResourceServerOptions>) => {
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forRoot({ audience: 'service', global: true, ...options })],
      controllers: [RealmController],
    }).compile();
    app = platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    app.useLogger(logger);
    await app.listen(0, '127.0.0.1');
    lines.length = 0;
  };
  const get = async (path: string, token?: string, headers: Record<string, string> = {}) => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const authorization = token !== undefined && { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { ...authorization, ...headers } });
    return [response.status, await response.text()];
  };

  it('a condition ties the tokens of a realm to its requests', async () => {
    const at =
      (tenant: string): ResourceServerOptions['accepts'] =>
      (_token, { headers }) =>
        headers['x-tenant'] === tenant;
    await start({
      issuers: [
        { issuer: one.issuer, jwks: one.jwks, accepts: at('one') },
        { ...other, accepts: at('other') },
      ],
    });
    const [ofOne, ofOther] = [await one.token(), await other.token()];
    expect((await get('/plain', ofOne, { 'x-tenant': 'one' }))[0]).toBe(200);
    expect((await get('/plain', ofOther, { 'x-tenant': 'other' }))[0]).toBe(200);
    expect(await get('/plain', ofOne, { 'x-tenant': 'other' })).toContain(401);
    expect(await get('/plain', ofOther)).toContain(401);
  });

  it('each issuer is asked about its own tokens, and "not active" is not "revoked"', async () => {
    const endpoint = await serve((_body, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"active":false}'),
    );
    const client = { clientId: 'service', clientSecret: 'secret' };
    await start({ issuers: [one, other], introspection: { issuer: one.issuer, endpoint, client } });
    expect((await get('/plain', await other.token()))[0]).toBe(200);
    const [status, body] = await get('/plain', await one.token());
    expect([status, JSON.parse(String(body))]).toMatchObject([
      401,
      { error: 'invalid_token', error_description: 'The authorization server says that the token is not active' },
    ]);
    expect(lines).toEqual([expect.stringContaining('at Keycloak, "service" must be in aud')]);
  });

  it('introspection says whose tokens it knows, where there are several issuers', async () => {
    const introspection = { endpoint: 'https://one.test/', client: { clientId: 'a', clientSecret: 'b' } };
    await expect(start({ issuers: [one, other], introspection })).rejects.toThrow(
      'introspection.issuer is missing; accepted: https://one.test or https://other.test',
    );
    const twice = [introspection, introspection].map((each) => ({ ...each, issuer: one.issuer }));
    await expect(start({ issuers: [one, other], introspection: twice })).rejects.toThrow('each issuer once');
  });

  it('an optional token is read when it is good, refused when it is not, and may be missing', async () => {
    for (const global of [true, false]) {
      await start({ issuers: [one], global });
      expect(await get('/optional')).toEqual([200, 'nobody']);
      expect(await get('/optional', await one.token({ sub: 'alice' }))).toEqual([200, 'alice']);
      expect(await get('/optional', await one.token({ aud: 'other' }))).toContain(401);
      expect(await get('/optional', undefined, { authorization: 'Bearer a b' })).toContain(400);
      if (global) await app.close();
    }
  });

  it.each([
    ['as its profile has them', undefined, { roles: ['reader'] }, [200, 403]],
    [
      'in several places',
      ['realm_access.roles', 'groups'],
      { realm_access: { roles: ['reader'] }, groups: ['writer'] },
      [200, 200],
    ],
    [
      'of a client',
      [['resource_access', 'my.client', 'roles']],
      { resource_access: { 'my.client': { roles: ['writer'] } } },
      [200, 403],
    ],
    ['under a URL', 'https://app.test/roles', { 'https://app.test/roles': ['reader', 'writer'] }, [200, 200]],
    ['as one text, which is one role', 'role', { role: 'reader writer' }, [403, 403]],
    ['elsewhere', 'groups', { roles: ['reader', 'writer'] }, [403, 403]],
    ['inherited by every object', 'constructor.name', {}, [403, 403]],
  ])('roles are read %s', async (_case, roles, claims, statuses) => {
    await start({ issuer: one.issuer, jwks: one.jwks, roles: roles });
    const token = await one.token(claims);
    expect([(await get('/any', token))[0], (await get('/all', token))[0]]).toEqual(statuses);
  });
});
