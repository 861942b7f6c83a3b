import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  type Answer,
  basic,
  createTestCertificate,
  type Fields,
  postForm,
  requirement,
} from '@onbehalf/testing-internal';
import {
  calculateJwkThumbprint,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import { System } from '../../tools/system.ts';

interface Key {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly privateJwk: JWK;
  readonly thumbprint: string;
}

async function createKey(): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { privateKey, jwk, privateJwk: await exportJWK(privateKey), thumbprint: await calculateJwkThumbprint(jwk) };
}

const service = {
  secret: 'secret',
  grantTypes: [GrantType.ClientCredentials, GrantType.TokenExchange],
  scopes: ['user.read'],
  defaultResource: 'user-service',
  represents: ['user-service'],
};

function config(requireNonce: boolean): object {
  return {
    resources: [
      { audience: 'user-service', scopes: ['user.read'] },
      { audience: 'message-service', scopes: ['message.read'] },
    ],
    clients: [
      { ...service, clientId: 'user-service' },
      { ...service, clientId: 'dpop-service', dpopBound: true },
      { ...service, clientId: 'certified-service', certificateBound: true },
    ],
    edges: ['user-service', 'dpop-service', 'certified-service'].map((client) => ({
      client,
      subjectAudience: 'user-service',
      target: 'message-service',
      mode: 'delegation',
      rebind: client === 'dpop-service',
      scopes: { 'message.read': { requires: ['user.read'] } },
    })),
    dpop: { requireNonce },
  };
}

async function startServer(requireNonce: boolean, proxies = '127.0.0.1,::1'): Promise<System> {
  const path = join(mkdtempSync(join(tmpdir(), 'key-binding-')), 'config.json');
  writeFileSync(path, JSON.stringify(config(requireNonce)));
  const settings = {
    AUTH_SERVER_CONFIG: path,
    CLIENT_CERTIFICATE_HEADER: 'client-cert',
    TRUSTED_PROXIES: proxies,
  };
  return (await System.onFreePorts(settings)).up('auth-server');
}

/** One caller at the token endpoint. */
class Caller {
  readonly endpoint: string;

  constructor(
    system: System,
    private readonly clientId: string,
  ) {
    this.endpoint = `${system.url('auth-server')}/oauth2/token`;
  }

  /** A token of its own for user-service, to be exchanged. */
  async subjectToken(headers: Record<string, string> = {}): Promise<string> {
    return String((await this.tokenAnswer(headers)).body['access_token']);
  }

  /** What the server answers to the request for one. */
  tokenAnswer(headers: Record<string, string> = {}): Promise<Answer> {
    return this.#post({ grant_type: GrantType.ClientCredentials, scope: 'user.read' }, headers);
  }

  exchange(subjectToken: string, headers: Record<string, string> = {}): Promise<Answer> {
    const fields = {
      grant_type: GrantType.TokenExchange,
      subject_token: subjectToken,
      subject_token_type: TokenType.AccessToken,
      audience: 'message-service',
    };
    return this.#post(fields, headers);
  }

  async proof({ privateKey, jwk }: Key, claims: JWTPayload = {}, header: object = {}): Promise<Record<string, string>> {
    const dpop = await new SignJWT({ htm: 'POST', htu: this.endpoint, jti: randomUUID(), ...claims })
      .setIssuedAt(claims.iat)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
      .sign(privateKey);
    return { dpop };
  }

  #post(fields: Fields, headers: Record<string, string>): Promise<Answer> {
    return postForm(this.endpoint, fields, { authorization: basic(this.clientId, 'secret'), ...headers });
  }
}

const claimsOf = ({ body }: Answer): JWTPayload => decodeJwt(String(body['access_token']));

describe('tokens that are bound to a key', () => {
  let system: System;
  let key: Key;

  beforeAll(async () => {
    [system, key] = await Promise.all([startServer(false), createKey()]);
  }, 30_000);

  afterAll(() => system.down());

  describe('RFC 9449 §5: DPoP', () => {
    it(
      requirement(
        'RFC9449-5-token-type',
        'a token_type of DPoP MUST be included in the response, to signal that the token was bound to the key',
      ),
      async () => {
        const caller = new Caller(system, 'user-service');
        const answer = await caller.exchange(await caller.subjectToken(), await caller.proof(key));
        expect(answer.body['token_type']).toBe('DPoP');
        expect(claimsOf(answer)['cnf']).toEqual({ jkt: key.thumbprint });
      },
    );

    it('a bound subject token is exchanged with its proof, and not without or with another key', async () => {
      const caller = new Caller(system, 'user-service');
      const bound = await caller.subjectToken(await caller.proof(key));
      expect(decodeJwt(bound)['cnf']).toEqual({ jkt: key.thumbprint });
      expect((await caller.exchange(bound)).body['error']).toBe('invalid_request');
      const other = await caller.proof(await createKey());
      expect((await caller.exchange(bound, other)).body['error']).toBe('invalid_request');
      expect((await caller.exchange(bound, await caller.proof(key))).status).toBe(200);
    });

    it(
      requirement(
        'RFC9449-5.2-bound-clients',
        'token requests without the DPoP header MUST be rejected where dpop_bound_access_tokens is true',
      ),
      async () => {
        const caller = new Caller(system, 'dpop-service');
        const bound = await caller.subjectToken(await caller.proof(key));
        expect((await caller.exchange(bound)).body['error']).toBe('invalid_dpop_proof');
        const rebound = await createKey();
        const answer = await caller.exchange(bound, await caller.proof(rebound));
        expect(claimsOf(answer)['cnf']).toEqual({ jkt: rebound.thumbprint });
      },
    );

    it.each<[string, (caller: Caller) => Promise<Record<string, string>>]>([
      ['for another method', (caller) => caller.proof(key, { htm: 'GET' })],
      ['for another address', (caller) => caller.proof(key, { htu: 'https://elsewhere.example/oauth2/token' })],
      ['that is old', (caller) => caller.proof(key, { iat: Math.floor(Date.now() / 1000) - 3600 })],
      ['without a jti', (caller) => caller.proof(key, { jti: undefined })],
      ['of another type', (caller) => caller.proof(key, {}, { typ: 'JWT' })],
      ['with a private key in its header', (caller) => caller.proof(key, {}, { jwk: key.privateJwk })],
      ['signed by another key', async (caller) => caller.proof({ ...(await createKey()), jwk: key.jwk })],
      ['with a symmetric algorithm', () => Promise.resolve({ dpop: `${hs256Header(key)}.e30.c2ln` })],
      ['that is no JWT', () => Promise.resolve({ dpop: 'proof' })],
    ])(
      `${requirement('RFC9449-4.3-checks', 'to validate a DPoP proof, the receiving server MUST ensure each of its conditions')}: a proof %s`,
      async (_, make) => {
        const caller = new Caller(system, 'user-service');
        const { status, body } = await caller.exchange(await caller.subjectToken(), await make(caller));
        expect(status).toBe(400);
        expect(['invalid_dpop_proof', 'use_dpop_nonce']).toContain(body['error']);
      },
    );

    it(
      requirement('RFC9449-11.1-replay', 'requests for which the jti value has been seen before are declined'),
      async () => {
        const caller = new Caller(system, 'user-service');
        const token = await caller.subjectToken();
        const proof = await caller.proof(key);
        expect((await caller.exchange(token, proof)).status).toBe(200);
        expect((await caller.exchange(token, proof)).body['error']).toBe('invalid_dpop_proof');
      },
    );
  });

  describe('RFC 8705 §3: certificates', () => {
    const { certificate } = createTestCertificate('certified-service');
    const { raw } = new X509Certificate(certificate);
    const thumbprint = createHash('sha256').update(raw).digest('base64url');
    const header = { 'client-cert': `:${raw.toString('base64')}:` };

    it('a client that is registered for it gets tokens that are bound to its certificate', async () => {
      const caller = new Caller(system, 'certified-service');
      const bound = await caller.subjectToken(header);
      expect(decodeJwt(bound)['cnf']).toEqual({ 'x5t#S256': thumbprint });
      const answer = await caller.exchange(bound, header);
      expect(claimsOf(answer)['cnf']).toEqual({ 'x5t#S256': thumbprint });
      expect(answer.body['token_type']).toBe('Bearer');
    });

    it.each<[string, Record<string, string>]>([
      ['no certificate', {}],
      ['another certificate', { 'client-cert': encodeURIComponent(createTestCertificate('other').certificate) }],
      ['a header that is no certificate', { 'client-cert': ':AAAA:' }],
    ])('a bound subject token with %s is invalid_request', async (_, other) => {
      const bound = await new Caller(system, 'certified-service').subjectToken(header);
      const { status, body } = await new Caller(system, 'user-service').exchange(bound, other);
      expect([status, body['error']]).toEqual([400, 'invalid_request']);
    });

    it('a header that does not come from a trusted proxy proves nothing, whatever it says of its way', async () => {
      const elsewhere = await startServer(false, '10.0.0.1');
      try {
        const spoofed = { ...header, 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1' };
        const certified = await new Caller(elsewhere, 'certified-service').tokenAnswer(spoofed);
        expect([certified.status, certified.body['error']]).toEqual([400, 'invalid_grant']);
        const caller = new Caller(elsewhere, 'user-service');
        const plain = await caller.exchange(await caller.subjectToken(spoofed), spoofed);
        expect([plain.status, claimsOf(plain)['cnf']]).toEqual([200, undefined]);
      } finally {
        await elsewhere.down();
      }
    }, 30_000);
  });
});

describe('RFC 9449 §8: nonces of the authorization server', () => {
  let system: System;

  beforeAll(async () => {
    system = await startServer(true);
  }, 30_000);

  afterAll(() => system.down());

  it(
    requirement(
      'RFC9449-8-demand',
      'the authorization server demands a nonce with 400, use_dpop_nonce and a DPoP-Nonce header',
    ),
    async () => {
      const caller = new Caller(system, 'user-service');
      const key = await createKey();
      const token = await caller.subjectToken();
      const refused = await caller.exchange(token, await caller.proof(key));
      expect([refused.status, refused.body['error']]).toEqual([400, 'use_dpop_nonce']);
      const nonce = refused.headers.get('dpop-nonce');
      expect(nonce).toEqual(expect.any(String));
      const accepted = await caller.exchange(token, await caller.proof(key, { nonce }));
      expect(claimsOf(accepted)['cnf']).toEqual({ jkt: key.thumbprint });
      const invented = await caller.exchange(token, await caller.proof(key, { nonce: 'invented' }));
      expect(invented.body['error']).toBe('use_dpop_nonce');
    },
  );
});

function hs256Header({ jwk }: Key): string {
  return Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'dpop+jwt', jwk })).toString('base64url');
}
