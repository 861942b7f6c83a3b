import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { createTestCluster, requirement } from '@onbehalf/testing-internal';
import { decodeJwt, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import {
  ResourceServerModule,
  type IntrospectionOptions,
  type RevocationFeedOptions,
  AuthorizationServerHealthIndicator,
} from '../index.js';
import { RevocationUnknown } from './revocation-check.js';
import { RevocationFeed } from './revocation-feed.js';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }
}

const client = { clientId: 'message service', clientSecret: 'a:secret' };
const BASIC = `Basic ${Buffer.from('message+service:a%3Asecret').toString('base64')}`;
const REVOKED = 'Bearer error="invalid_token", error_description="The token has been revoked"';

const INACTIVE =
  'Bearer error="invalid_token", error_description="The authorization server says that the token is not active"';

interface Call {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('revocation', () => {
  let issuer: TestIssuer;
  let server: Server;
  let app: INestApplication<Server> | undefined;
  let calls: Call[];
  let answer: (call: Call, response: ServerResponse) => void;
  let now: number;

  beforeEach(async () => {
    now = Math.floor(Date.now() / 1000);
    issuer = await createTestIssuer();
    calls = [];
    server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const call = { url: incoming.url!, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
        calls.push(call);
        answer(call, response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const url = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const json = (response: ServerResponse, document: unknown, headers = {}) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(document));

  const start = async (options: object) => {
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { clock: () => now, ...options })],
      controllers: [MessageController],
    }).compile();
    app = module.createNestApplication<INestApplication<Server>>();
    await app.listen(0, '127.0.0.1');
  };
  const get = (token: string) => request(app!.getHttpServer()).get('/message').auth(token, { type: 'bearer' });

  describe('RFC 7662: introspection', () => {
    const introspect = (more: Partial<IntrospectionOptions> = {}) =>
      start({ introspection: { endpoint: url('/introspect'), client, ...more } });

    it(
      requirement(
        'RFC7662-2.1-request',
        'token is REQUIRED in the request, which carries the authorization of the protected resource',
      ),
      async () => {
        answer = (_call, response) => json(response, { active: true });
        await introspect();
        const token = await issuer.token();
        expect((await get(token)).status).toBe(200);
        expect(calls).toHaveLength(1);
        expect(calls[0]!.headers.authorization).toBe(BASIC);
        expect(new URLSearchParams(calls[0]!.body)).toEqual(
          new URLSearchParams({ token, token_type_hint: 'access_token' }),
        );
      },
    );

    it(
      requirement(
        'RFC7662-2.2-active',
        'active tells whether the token is currently active; one that is not is refused',
      ),
      async () => {
        answer = (_call, response) => json(response, { active: false });
        await introspect();
        const response = await get(await issuer.token());
        expect([response.status, response.headers['www-authenticate']]).toEqual([401, INACTIVE]);
      },
    );

    it('does not ask about a token that does not verify', async () => {
      answer = (_call, response) => json(response, { active: true });
      await introspect();
      expect((await get(await issuer.token({ aud: 'other' }))).status).toBe(401);
      expect(calls).toHaveLength(0);
    });

    it('asks once for concurrent requests and keeps the answer for the time it was told', async () => {
      answer = (_call, response) => json(response, { active: calls.length === 1 });
      await introspect({ cacheFor: 5 });
      const token = await issuer.token();
      const answers = await Promise.all(Array.from({ length: 20 }, () => get(token)));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(calls).toHaveLength(1);
      now += 4;
      expect((await get(token)).status).toBe(200);
      now += 1;
      expect((await get(token)).status).toBe(401);
      expect(calls).toHaveLength(2);
    });

    it('keeps a bounded number of answers', async () => {
      answer = (_call, response) => json(response, { active: true });
      await introspect({ maxEntries: 2, cacheFor: 60 });
      const tokens = await Promise.all([1, 2, 3].map((sub) => issuer.token({ sub: `user-${sub}` })));
      for (const token of [...tokens, tokens[2]!, tokens[0]!]) await get(token);
      expect(calls).toHaveLength(4);
    });

    const OUTAGES: [string, (response: ServerResponse) => void][] = [
      ['fails', (response) => response.writeHead(500).end()],
      ['does not know the service', (response) => response.writeHead(401).end()],
      ['gives no answer', (response) => json(response, { error: 'invalid_request' })],
      ['gives another type', (response) => json(response, { active: 'true' })],
      ['gives no JSON', (response) => response.writeHead(200).end('<html>')],
      ['gives too much', (response) => response.writeHead(200).end('x'.repeat(70_000))],
      ['redirects', (response) => response.writeHead(307, { location: url('/other') }).end()],
      ['hangs up', (response) => response.destroy()],
      ['does not answer in time', () => undefined],
    ];

    it.each(OUTAGES)('an endpoint that %s is an outage: 503, unless it was chosen to accept', async (_case, fail) => {
      answer = (_call, response) => fail(response);
      await introspect({ timeout: 100 });
      const token = await issuer.token();
      const response = await get(token);
      expect([response.status, response.headers['retry-after'], response.headers['www-authenticate']]).toEqual([
        503,
        '1',
        undefined,
      ]);
      expect(response.body).toMatchObject({ error: 'temporarily_unavailable' });
      await app!.close();
      await introspect({ timeout: 100, onOutage: 'accept' });
      expect((await get(token)).status).toBe(200);
    });

    it('leaves a failing endpoint alone for a second, then recovers', async () => {
      answer = (_call, response) => response.writeHead(500).end();
      await introspect();
      const token = await issuer.token();
      for (let i = 0; i < 5; i++) expect((await get(token)).status).toBe(503);
      expect(calls).toHaveLength(1);
      answer = (_call, response) => json(response, { active: true });
      now += 1;
      expect((await get(token)).status).toBe(200);
    });

    it('a clock that is set back prolongs no answer, and no pause', async () => {
      answer = (_call, response) => json(response, { active: calls.length === 1 });
      await introspect();
      const [token, other] = await Promise.all([issuer.token(), issuer.token()]);
      expect((await get(token)).status).toBe(200);
      now -= 20;
      expect((await get(token)).status).toBe(401);
      answer = (_call, response) => response.writeHead(500).end();
      expect((await get(other)).status).toBe(503);
      answer = (_call, response) => json(response, { active: true });
      now -= 1;
      expect((await get(other)).status).toBe(200);
    });
  });

  describe('a polled feed', () => {
    const feed = (more: Partial<RevocationFeedOptions> = {}) =>
      start({ revocationFeed: { url: url('/revocations'), interval: 1, ...more } });
    /** Resolves when the feed was asked once more and answered. */
    const nextPoll = async () => {
      const before = calls.length;
      while (calls.length === before) await once(server, 'request');
    };
    const entry = (token: string, more: object = {}) => {
      const { jti, exp } = decodeJwt(token);
      return { jti, exp, ...more };
    };

    it('refuses a revoked token within 5 seconds, and no other', async () => {
      let revoked: object[] = [];
      answer = (_call, response) => json(response, { tokens: revoked });
      await feed();
      const [token, other] = await Promise.all([issuer.token(), issuer.token()]);
      expect((await get(token)).status).toBe(200);
      revoked = [entry(token)];
      const revokedAt = performance.now();
      let response = await get(token);
      while (response.status === 200) {
        await nextPoll();
        response = await get(token);
      }
      expect(performance.now() - revokedAt).toBeLessThan(5000);
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, REVOKED]);
      expect((await get(other)).status).toBe(200);
    });

    it('goes by issuer and jti: a token of another issuer with the same jti stays', async () => {
      const token = await issuer.token();
      answer = (_call, response) => json(response, { tokens: [entry(token, { iss: 'https://other.test' })] });
      await feed();
      expect((await get(token)).status).toBe(200);
    });

    it('knows descendants by the claim that names their root', async () => {
      const [token, other] = [await issuer.token({ root: 'root-1' }), await issuer.token({ root: 'root-2' })];
      answer = (_call, response) => json(response, { tokens: [{ jti: 'root-1', exp: now + 300 }] });
      await feed({ rootClaim: 'root' });
      expect((await get(token)).status).toBe(401);
      expect((await get(other)).status).toBe(200);
    });

    it('sends credentials and the ETag of the last answer, and keeps its list on 304', async () => {
      const token = await issuer.token();
      answer = ({ headers }, response) =>
        headers['if-none-match'] === '"1"'
          ? response.writeHead(304).end()
          : json(response, { tokens: [entry(token)] }, { etag: '"1"' });
      await feed({ client });
      expect((await get(token)).status).toBe(401);
      await nextPoll();
      expect(calls.at(-1)!.headers).toMatchObject({ 'if-none-match': '"1"', authorization: BASIC });
      expect((await get(token)).status).toBe(401);
    });

    it('RFC 7523 §3: a client with a key sends a fresh assertion for the issuer by POST, and the cursor with it', async () => {
      const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
      const token = await issuer.token();
      answer = ({ body }, response) => {
        const first = !new URLSearchParams(body).has('since');
        json(response, { tokens: first ? [entry(token)] : [], cursor: 'a' });
      };
      await feed({ client: { clientId: 'keyed', privateKey: { ...(await exportJWK(privateKey)), alg: 'ES256' } } });
      expect((await get(token)).status).toBe(401);
      await nextPoll();
      const seen = new Set<unknown>();
      for (const [index, call] of calls.entries()) {
        expect([call.url, call.headers.authorization]).toEqual(['/revocations', undefined]);
        const form = new URLSearchParams(call.body);
        expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
        expect(form.get('since')).toBe(index === 0 ? null : 'a');
        const expected = { issuer: 'keyed', subject: 'keyed', audience: issuer.issuer, requiredClaims: ['exp', 'jti'] };
        const { payload } = await jwtVerify(form.get('client_assertion')!, publicKey, expected);
        seen.add(payload.jti);
      }
      expect(seen.size).toBe(calls.length);
    });

    it('a workload sends the token of its platform as it stands in the file at each poll', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'assertion-'));
      const assertionFile = join(folder, 'token');
      const cluster = await createTestCluster();
      const [first, second] = await Promise.all([1, 2].map(() => cluster.token('shop/user-service', issuer.issuer)));
      const sent = () => new URLSearchParams(calls.at(-1)!.body).get('client_assertion');
      answer = (_call, response) => json(response, { tokens: [] });
      writeFileSync(assertionFile, first!);
      await feed({ client: { clientId: 'user-service', assertionFile } });
      await get(await issuer.token());
      expect(sent()).toBe(first);
      writeFileSync(assertionFile, second!);
      await nextPoll();
      while (sent() === first) await nextPoll();
      expect(sent()).toBe(second);
      rmSync(folder, { recursive: true });
    });

    it('follows a cursor through the pages, and asks for what is new from then on', async () => {
      const tokens = await Promise.all([1, 2, 3].map(() => issuer.token()));
      answer = ({ url: asked }, response) => {
        const from = Number(new URL(asked, 'http://feed.test').searchParams.get('since') ?? 0);
        json(response, {
          tokens: tokens.slice(from, from + 1).map((token) => entry(token)),
          cursor: String(Math.min(from + 1, 3)),
        });
      };
      await feed();
      for (const token of tokens) expect((await get(token)).status).toBe(401);
      expect(calls.slice(0, 4).map((call) => call.url)).toEqual([
        '/revocations',
        '/revocations?since=1',
        '/revocations?since=2',
        '/revocations?since=3',
      ]);
      await nextPoll();
      expect(calls.at(-1)!.url).toBe('/revocations?since=3');
    });

    it('begins again when the server does not know its cursor any more', async () => {
      const token = await issuer.token();
      let cursor = 'a';
      answer = ({ url: asked }, response) => {
        const since = new URL(asked, 'http://feed.test').searchParams.get('since');
        if (since !== null && since !== cursor) response.writeHead(400).end();
        else json(response, { tokens: since === null && cursor === 'b' ? [entry(token)] : [], cursor });
      };
      await feed();
      expect((await get(token)).status).toBe(200);
      cursor = 'b';
      while ((await get(token)).status === 200) await nextPoll();
      expect((await get(token)).status).toBe(401);
    });

    it.each<[string, (response: ServerResponse) => void]>([
      ['fails', (response) => response.writeHead(500).end()],
      ['is malformed', (response) => json(response, { revoked: [] })],
      ['has a malformed entry', (response) => json(response, { tokens: [{ jti: 1, exp: 1 }] })],
      ['is too large', (response) => response.writeHead(200).end('x'.repeat(1_100_000))],
    ])('a feed that %s from the start is an outage: 503, unless it was chosen to accept', async (_case, fail) => {
      answer = (_call, response) => fail(response);
      await feed();
      const token = await issuer.token();
      const response = await get(token);
      expect([response.status, response.headers['retry-after']]).toEqual([503, '1']);
      await app!.close();
      await feed({ onOutage: 'accept' });
      expect((await get(token)).status).toBe(200);
    });

    it('goes on for as long as it was told after the last poll, and still knows what was revoked', async () => {
      const [token, other] = await Promise.all([issuer.token(), issuer.token()]);
      answer = (_call, response) => json(response, { tokens: [entry(token)] });
      await feed({ maxAge: 30, interval: 60 });
      expect((await get(token)).status).toBe(401);
      now += 30;
      expect((await get(other)).status).toBe(200);
      now += 1;
      expect((await get(other)).status).toBe(503);
      expect((await get(token)).status).toBe(401);
    });

    it('begins again after a clock that was ahead, by which entries had expired too early', async () => {
      const revoked = await issuer.token();
      answer = ({ url: asked }, response) =>
        json(response, { tokens: asked.includes('since') ? [] : [entry(revoked)], cursor: 'a' });
      const polled = new RevocationFeed({
        ...{ url: url('/revocations'), issuer: issuer.issuer, interval: 1, maxAge: 30, timeout: 2000 },
        ...{ onOutage: 'refuse', clock: () => now },
      });
      const { jti } = decodeJwt(revoked);
      const token = { issuer: issuer.issuer, jwtId: jti, claims: {} } as VerifiedAccessToken;
      const objections: unknown[] = [];
      for (const step of [0, 24 * 3600, -24 * 3600]) {
        now += step;
        await polled.poll();
        objections.push(await polled.objection(token));
      }
      expect(objections).toEqual(['The token has been revoked', undefined, 'The token has been revoked']);
    });

    it('is out when it fails after a clock was set back, as if that had gone on', async () => {
      answer = (_call, response) => json(response, { tokens: [] });
      await feed({ maxAge: 10, interval: 60 });
      const token = await issuer.token();
      expect((await get(token)).status).toBe(200);
      now -= 11;
      expect((await get(token)).status).toBe(503);
    });

    it('is out after as long as it was told, also when a clock is set back meanwhile', async () => {
      answer = (_call, response) => json(response, { tokens: [] });
      let uptime = 1000;
      const polled = new RevocationFeed({
        ...{ url: url('/revocations'), issuer: issuer.issuer, interval: 1, maxAge: 30, timeout: 2000 },
        ...{ onOutage: 'refuse', clock: () => now, uptime: () => uptime },
      });
      const token = { issuer: issuer.issuer, jwtId: 'a', claims: {} } as VerifiedAccessToken;
      await polled.poll();
      now -= 29;
      uptime += 30;
      expect(await polled.objection(token)).toBeUndefined();
      now += 1;
      uptime += 1;
      await expect(polled.objection(token)).rejects.toThrow(RevocationUnknown);
    });

    it('makes the service unready while it cannot tell, unless outages are accepted', async () => {
      answer = (_call, response) => response.writeHead(500).end();
      const health = () => app!.get(AuthorizationServerHealthIndicator).check('authorization-server');
      await feed({ interval: 60 });
      expect(await health()).toMatchObject({ 'authorization-server': { status: 'down' } });
      expect((await get(await issuer.token())).status).toBe(503);
      answer = (_call, response) => json(response, { tokens: [] });
      expect(await health()).toMatchObject({ 'authorization-server': { status: 'up' } });
      expect((await get(await issuer.token())).status).toBe(200);
      await app!.close();
      answer = (_call, response) => response.writeHead(500).end();
      await feed({ interval: 60, onOutage: 'accept' });
      expect(await health()).toMatchObject({ 'authorization-server': { status: 'up' } });
    });

    it('stops polling when the application closes', async () => {
      answer = (_call, response) => json(response, { tokens: [] });
      await feed();
      await get(await issuer.token());
      await app!.close();
      const before = calls.length;
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(calls).toHaveLength(before);
    });
  });
});
