import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, type INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import request from 'supertest';
import { ResourceServerModule, Scopes, type DpopOptions, type ReplayStore } from '../index.js';
import { DpopNonces } from './dpop-nonces.js';
import { InMemoryReplayStore } from './replay-store.js';

const NOW = 1_800_000_000;
const BASE = 'https://api.test/base';
const ALGS = 'algs="RS256 PS256 ES256 ES384 EdDSA Ed25519"';

@Controller()
class MessageController {
  @Get('message')
  read() {
    return 'hello';
  }

  @Get('scoped')
  @Scopes('message.read')
  scoped() {
    return 'hello';
  }

  @Post('message')
  write() {
    return 'hello';
  }
}

/** A client with a key of its own. */
interface Holder {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly jkt: string;
}

async function createHolder(algorithm = 'ES256'): Promise<Holder> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

interface ProofOverrides {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly key?: CryptoKey;
}

const ath = (token: string) => createHash('sha256').update(token).digest('base64url');

function proof({ privateKey, jwk }: Holder, token: string, { header, claims, key }: ProofOverrides = {}) {
  const defaults = { jti: randomUUID(), htm: 'GET', htu: `${BASE}/message`, iat: NOW, ath: ath(token) };
  return new SignJWT({ ...defaults, ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(key ?? privateKey);
}

const invalidProof = (description: string) =>
  `DPoP error="invalid_dpop_proof", error_description="${description}", ${ALGS}`;
const NOT_VALID = invalidProof('The DPoP proof is not a valid proof JWT');
const wrong = (claim: string) => invalidProof(`The DPoP proof's claim ${claim} is missing or does not match`);
const invalidToken = (scheme: string, description: string) =>
  scheme === 'DPoP'
    ? `DPoP error="invalid_token", error_description="${description}", ${ALGS}`
    : `Bearer error="invalid_token", error_description="${description}", DPoP ${ALGS}`;

type Case = (holder: Holder, token: string) => string | Promise<string>;
const withClaims =
  (claims: Record<string, unknown>): Case =>
  (holder, token) =>
    proof(holder, token, { claims });
const withHeader =
  (header: Record<string, unknown>): Case =>
  (holder, token) =>
    proof(holder, token, { header });

const REFUSED: [string, Case, string][] = [
  [
    '(1) two proofs',
    async (holder, token) => `${await proof(holder, token)}, ${await proof(holder, token)}`,
    invalidProof('The DPoP header must not be repeated'),
  ],
  ['(2) no JWT', () => 'proof', NOT_VALID],
  ['(2) too large', () => 'x'.repeat(8193), invalidProof('The DPoP proof is too large')],
  ['(3) no jti', withClaims({ jti: undefined }), wrong('jti')],
  ['(3) an empty jti', withClaims({ jti: '' }), wrong('jti')],
  ['(3) a jti of 257 characters', withClaims({ jti: 'x'.repeat(257) }), wrong('jti')],
  ['(3) no htm', withClaims({ htm: undefined }), wrong('htm')],
  ['(3) no htu', withClaims({ htu: undefined }), wrong('htu')],
  ['(3) no iat', withClaims({ iat: undefined }), wrong('iat')],
  ['(4) typ JWT', withHeader({ typ: 'JWT' }), NOT_VALID],
  ['(4) no typ', withHeader({ typ: undefined }), NOT_VALID],
  ['(5) HS256 with the public key', (holder, token) => symmetric(holder, token), NOT_VALID],
  ['(5) alg none', (holder, token) => unsigned(holder, token), NOT_VALID],
  [
    '(6) signed by another key',
    async (holder, token) => proof(holder, token, { key: (await createHolder()).privateKey }),
    NOT_VALID,
  ],
  ['(6) no jwk', withHeader({ jwk: undefined }), NOT_VALID],
  [
    '(7) a private jwk',
    async (holder, token) => proof(holder, token, { header: { jwk: await exportJWK(holder.privateKey) } }),
    NOT_VALID,
  ],
  ['(8) another method', withClaims({ htm: 'POST' }), wrong('htm')],
  ['(8) the method in lower case', withClaims({ htm: 'get' }), wrong('htm')],
  ['(9) another path', withClaims({ htu: `${BASE}/other` }), wrong('htu')],
  ['(9) another host', withClaims({ htu: 'https://other.test/base/message' }), wrong('htu')],
  ['(9) the address behind the proxy', withClaims({ htu: 'http://127.0.0.1/message' }), wrong('htu')],
  ['(9) http', withClaims({ htu: 'http://api.test/base/message' }), wrong('htu')],
  ['(9) a slash more', withClaims({ htu: `${BASE}/message/` }), wrong('htu')],
  ['(9) a path in upper case', withClaims({ htu: `${BASE}/MESSAGE` }), wrong('htu')],
  ['(11) 91 seconds old', withClaims({ iat: NOW - 91 }), wrong('iat')],
  ['(11) 31 seconds ahead', withClaims({ iat: NOW + 31 }), wrong('iat')],
  ['(11) iat as a string', withClaims({ iat: String(NOW) }), NOT_VALID],
  ['(11) expired by its own exp', withClaims({ exp: NOW - 60 }), NOT_VALID],
  ['(12) no ath', withClaims({ ath: undefined }), wrong('ath')],
  ['(12) the ath of another token', withClaims({ ath: ath('other') }), wrong('ath')],
];

const ACCEPTED: [string, Case][] = [
  ['made for this request', (holder, token) => proof(holder, token)],
  ['with a query and a fragment in htu', withClaims({ htu: `${BASE}/message?a=b#c` })],
  ['with the default port and the host in upper case', withClaims({ htu: 'https://API.test:443/base/message' })],
  ['with percent-encoded unreserved characters', withClaims({ htu: `${BASE}/%6Dessage` })],
  ['90 seconds old', withClaims({ iat: NOW - 90 })],
  ['30 seconds ahead', withClaims({ iat: NOW + 30 })],
];

function unsigned({ jwk }: Holder, token: string): string {
  const header = { alg: 'none', typ: 'dpop+jwt', jwk };
  const claims = { jti: '1', htm: 'GET', htu: `${BASE}/message`, iat: NOW, ath: ath(token) };
  const [h, p] = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${h}.${p}.`;
}

function symmetric({ jwk }: Holder, token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'dpop+jwt', jwk })).toString('base64url');
  const input = [header, unsigned({ jwk } as Holder, token).split('.')[1]].join('.');
  return `${input}.${createHmac('sha256', JSON.stringify(jwk)).update(input).digest('base64url')}`;
}

describe.each(['express', 'fastify'])('RFC 9449 on %s', (platform) => {
  let issuer: TestIssuer;
  let holder: Holder;
  const apps: INestApplication<Server>[] = [];

  const start = async (dpop: Partial<DpopOptions> = {}, clock = () => NOW) => {
    const module = await Test.createTestingModule({
      imports: [ResourceServerModule.forTesting(issuer, { clock, dpop: { baseUrl: `${BASE}/`, ...dpop } })],
      controllers: [MessageController],
    }).compile();
    const app: INestApplication<Server> =
      platform === 'express' ? module.createNestApplication() : module.createNestApplication(new FastifyAdapter());
    await app.init();
    if (platform === 'fastify') await (app.getHttpAdapter().getInstance() as { ready(): Promise<void> }).ready();
    apps.push(app);
    return app;
  };
  const bound = (claims: Record<string, unknown> = {}) => issuer.token({ cnf: { jkt: holder.jkt }, ...claims });
  const call = (app: INestApplication<Server>, authorization: string, dpop?: string, path = '/message') => {
    const sent = request(app.getHttpServer()).get(path).set('Authorization', authorization);
    return dpop === undefined ? sent : sent.set('DPoP', dpop);
  };

  let app: INestApplication<Server>;
  beforeAll(async () => {
    issuer = await createTestIssuer({ clock: () => NOW });
    holder = await createHolder();
    app = await start();
  });
  afterAll(() => Promise.all(apps.map((one) => one.close())));

  describe('§4.3: checking proofs', () => {
    it.each(ACCEPTED)('accepts a proof %s', async (_case, make) => {
      const token = await bound();
      const response = await call(app, `DPoP ${token}`, await make(holder, token), '/message?query=1');
      expect([response.status, response.text]).toEqual([200, 'hello']);
    });

    it('RFC 7800 §3.1: ignores members of cnf that are not understood, as Keycloak writes them', async () => {
      const token = await bound({ cnf: { jkt: holder.jkt, 'kc-jkt-type': 'DPoP', more: { any: 1 } } });
      expect((await call(app, `DPoP ${token}`, await proof(holder, token))).status).toBe(200);
      const stolen = await call(app, `Bearer ${token}`);
      expect([stolen.status, stolen.body]).toMatchObject([401, { error: 'invalid_token' }]);
    });

    it('RFC 9112 §3.2.2: reads a request target in absolute form', async () => {
      const own = await start();
      await own.listen(0, '127.0.0.1');
      const { port } = own.getHttpServer().address() as AddressInfo;
      const token = await bound();
      const status = async (target: string, dpop: string) => {
        const socket = connect(port, '127.0.0.1');
        const lines = [`GET ${target} HTTP/1.1`, 'Host: api.test', 'Connection: close'];
        socket.write([...lines, `Authorization: DPoP ${token}`, `DPoP: ${dpop}`, '', ''].join('\r\n'));
        return (await text(socket)).slice(9, 12);
      };
      expect(await status('http://elsewhere.test/message?a=1', await proof(holder, token))).toBe('200');
      expect(
        await status(
          'http://elsewhere.test/message',
          await proof(holder, token, { claims: { htu: 'http://elsewhere.test/message' } }),
        ),
      ).toBe('401');
    });

    it.each(REFUSED)('refuses a proof: %s', async (_case, make, challenge) => {
      const token = await bound();
      const response = await call(app, `DPoP ${token}`, await make(holder, token));
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, challenge]);
      expect(response.body).toMatchObject({ error: 'invalid_dpop_proof' });
    });

    it(
      requirement(
        'RFC9449-7.1-checks',
        'the resource server MUST NOT grant access to the resource unless all checks are successful',
      ),
      async () => {
        const response = await call(app, `DPoP ${await bound()}`);
        expect(response.headers['www-authenticate']).toBe(invalidProof('A DPoP proof is required'));
      },
    );

    it(
      requirement(
        'RFC9449-4.3-key',
        'the public key to which the token is bound MUST match the public key of the proof',
      ),
      async () => {
        const [token, other] = [await bound(), await createHolder()];
        const response = await call(app, `DPoP ${token}`, await proof(other, token));
        expect(response.headers['www-authenticate']).toBe(invalidToken('DPoP', 'Invalid DPoP key binding'));
      },
    );
  });

  describe('§7.1, §7.2: schemes', () => {
    it('a request without a token gets both challenges', async () => {
      const response = await request(app.getHttpServer()).get('/message');
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, `Bearer, DPoP ${ALGS}`]);
    });

    it(
      requirement('RFC9449-7.2-bearer', 'a DPoP-bound access token received as a bearer token MUST be rejected'),
      async () => {
        const token = await bound();
        const description = 'The token is bound to a DPoP key and is not a bearer token';
        for (const sent of [undefined, await proof(holder, token)]) {
          const response = await call(app, `Bearer ${token}`, sent);
          expect(response.headers['www-authenticate']).toBe(invalidToken('Bearer', description));
        }
      },
    );

    it('an unbound token is no DPoP token', async () => {
      const token = await issuer.token();
      const response = await call(app, `DPoP ${token}`, await proof(holder, token));
      expect(response.headers['www-authenticate']).toBe(invalidToken('DPoP', 'The token is not bound to a DPoP key'));
    });

    it('an unbound token is a bearer token still, unless binding is required', async () => {
      const required = await start({ required: true });
      const token = await issuer.token();
      expect((await call(app, `Bearer ${token}`)).status).toBe(200);
      const response = await call(required, `Bearer ${token}`);
      expect(response.headers['www-authenticate']).toBe(invalidToken('DPoP', 'A DPoP-bound token is required'));
      expect((await request(required.getHttpServer()).get('/message')).headers['www-authenticate']).toBe(
        `DPoP ${ALGS}`,
      );
    });

    it('the refusal of a DPoP token says so in the DPoP scheme', async () => {
      const response = await call(app, `DPoP ${await bound({ aud: 'other' })}`);
      const description = "Invalid audience claim. Expected 'service', got 'other'";
      expect(response.headers['www-authenticate']).toBe(invalidToken('DPoP', description));
    });
  });

  it(
    requirement('RFC9449-7.1-challenge', 'insufficient_scope is told in a challenge of the DPoP scheme, with algs'),
    async () => {
      const token = await bound();
      const sent = await proof(holder, token, { claims: { htu: `${BASE}/scoped` } });
      const response = await call(app, `DPoP ${token}`, sent, '/scoped');
      expect([response.status, response.headers['www-authenticate']]).toEqual([
        403,
        `DPoP error="insufficient_scope", error_description="The scope 'message.read' is required", scope="message.read", ${ALGS}`,
      ]);
    },
  );

  describe('§11.1: replay', () => {
    const REPLAYED = invalidProof('The DPoP proof has been used before');

    it(
      requirement('RFC9449-11.1-replay', 'requests for which the jti value has been seen before are declined'),
      async () => {
        const token = await bound();
        const used = await proof(holder, token);
        expect((await call(app, `DPoP ${token}`, used)).status).toBe(200);
        expect((await call(app, `DPoP ${token}`, used)).headers['www-authenticate']).toBe(REPLAYED);
      },
    );

    it('of 50 concurrent uses exactly one succeeds', async () => {
      const token = await bound();
      const used = await proof(holder, token);
      await app.listen(0, '127.0.0.1');
      const answers = await Promise.all(Array.from({ length: 50 }, () => call(app, `DPoP ${token}`, used)));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(49);
    });

    it('replicas share the store that they are given', async () => {
      const replay = new InMemoryReplayStore(() => NOW);
      const [one, other] = await Promise.all([start({ replay }), start({ replay })]);
      const token = await bound();
      const used = await proof(holder, token);
      expect((await call(one, `DPoP ${token}`, used)).status).toBe(200);
      expect((await call(other, `DPoP ${token}`, used)).headers['www-authenticate']).toBe(REPLAYED);
    });

    it("who has a token but not its key fills nobody's store", async () => {
      const small = await start({ replay: new InMemoryReplayStore(() => NOW, 1) });
      const [token, thief] = [await bound(), await createHolder()];
      for (let i = 0; i < 5; i += 1) {
        const stolen = await call(small, `DPoP ${token}`, await proof(thief, token));
        expect(stolen.headers['www-authenticate']).toBe(invalidToken('DPoP', 'Invalid DPoP key binding'));
      }
      expect((await call(small, `DPoP ${token}`, await proof(holder, token))).status).toBe(200);
    });

    it.each<[string, ReplayStore]>([
      ['full', new InMemoryReplayStore(() => NOW, 0)],
      ['out of reach', { firstUse: () => Promise.reject(new Error('connection refused')) }],
    ])('a store that is %s is an outage, and no reason to accept', async (_case, replay) => {
      const failing = await start({ replay });
      const token = await bound();
      const response = await call(failing, `DPoP ${token}`, await proof(holder, token));
      expect([response.status, response.headers['retry-after']]).toEqual([503, '1']);
      expect(response.body).toEqual({
        error: 'temporarily_unavailable',
        error_description: 'The access token cannot be verified now',
      });
    });
  });

  describe('§9: nonces', () => {
    it(
      requirement('RFC9449-9-nonce', 'a nonce is demanded with 401, use_dpop_nonce and a DPoP-Nonce header'),
      async () => {
        let now = NOW;
        const demanding = await start({ nonce: true }, () => now);
        const token = await bound();
        const first = await call(demanding, `DPoP ${token}`, await proof(holder, token));
        const nonce = first.headers['dpop-nonce'];
        expect([first.status, first.headers['www-authenticate']]).toEqual([
          401,
          `DPoP error="use_dpop_nonce", error_description="The resource server requires a nonce in the DPoP proof", ${ALGS}`,
        ]);
        const second = await call(demanding, `DPoP ${token}`, await proof(holder, token, { claims: { nonce } }));
        expect([second.status, second.headers['dpop-nonce']]).toEqual([200, nonce]);
        now += 60;
        const third = await call(demanding, `DPoP ${token}`, await proof(holder, token, { claims: { nonce } }));
        expect(third.status).toBe(200);
        expect(third.headers['dpop-nonce']).not.toBe(nonce);
        now += 60;
        const fourth = await call(
          demanding,
          `DPoP ${token}`,
          await proof(holder, token, { claims: { nonce, iat: now } }),
        );
        expect(fourth.body).toMatchObject({ error: 'use_dpop_nonce' });
      },
    );

    it.each([1, '', 'nonce', null])('does not accept %j', async (nonce) => {
      const demanding = await start({ nonce: true });
      const token = await bound();
      const response = await call(demanding, `DPoP ${token}`, await proof(holder, token, { claims: { nonce } }));
      expect(response.body).toMatchObject({ error: 'use_dpop_nonce' });
    });
  });
});

describe('DpopNonces', () => {
  it('are the same on replicas with one secret, and on no other', () => {
    const [one, replica, stranger] = [7, 7, 8].map((byte) => new DpopNonces(Buffer.alloc(32, byte), () => NOW));
    expect(replica!.accepts(one!.current())).toBe(true);
    expect(stranger!.accepts(one!.current())).toBe(false);
  });
});

describe('InMemoryReplayStore', () => {
  it('forgets what is expired to make room, and nothing else', async () => {
    let now = NOW;
    const store = new InMemoryReplayStore(() => now, 2);
    expect(await store.firstUse('a', NOW + 10)).toBe(true);
    expect(await store.firstUse('b', NOW + 20)).toBe(true);
    await expect(store.firstUse('c', NOW + 30)).rejects.toMatchObject({ name: 'ReplayStoreFull' });
    now += 11;
    expect(await store.firstUse('c', NOW + 30)).toBe(true);
    expect(await store.firstUse('b', NOW + 20)).toBe(false);
  });

  const use = (store: InMemoryReplayStore, key: string, number: number, expiresAt = NOW + 10) =>
    store.firstUse(`${key}-${number}`, expiresAt, key).catch(({ name }: Error) => name);

  it('has room for every key, however many proofs another one has made', async () => {
    const store = new InMemoryReplayStore(() => NOW, 10);
    for (let i = 0; i < 10; i += 1) expect(await use(store, 'flood', i)).toBe(true);
    for (let i = 10; i < 50; i += 1) expect(await use(store, 'flood', i)).toBe('ReplayStoreFull');
    for (const key of ['a', 'b']) {
      for (let i = 0; i < 3; i += 1) expect(await use(store, key, i)).toBe(true);
      // the share of one of three is a third
      expect(await use(store, key, 0)).toBe(false);
    }
    expect(await use(store, 'flood', 0)).toBe(false);
  });

  it('never holds more than twice what it may, however many keys there are', async () => {
    const store = new InMemoryReplayStore(() => NOW, 10);
    const uses = Array.from({ length: 200 }, (_, i) => use(store, `key-${i % 40}`, i));
    expect((await Promise.all(uses)).filter((used) => used === true).length).toBeLessThanOrEqual(20);
  });

  it('gives a key its room back when its proofs have expired', async () => {
    let now = NOW;
    const store = new InMemoryReplayStore(() => now, 2);
    for (let i = 0; i < 2; i += 1) await use(store, 'flood', i);
    expect(await use(store, 'flood', 2)).toBe('ReplayStoreFull');
    now += 11;
    for (let i = 3; i < 5; i += 1) expect(await use(store, 'flood', i, now + 10)).toBe(true);
  });

  it('makes room also after a clock was ahead', async () => {
    let now = NOW + 3600;
    const store = new InMemoryReplayStore(() => now, 1);
    for (let i = 0; i < 2; i += 1) expect(await use(store, 'key', i)).toBe(true);
    now = NOW;
    expect(await use(store, 'key', 2)).toBe('ReplayStoreFull');
    now += 11;
    expect(await use(store, 'key', 3, now + 10)).toBe(true);
  });
});
