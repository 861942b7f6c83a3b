import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '@onbehalf/oauth-protocol';
import {
  createTestIssuer,
  startTestServer,
  type ReceivedRequest,
  type TestAnswer,
  type TestServer,
} from '@onbehalf/testing';
import { requirement } from '@onbehalf/testing-internal';
import {
  calculateJwkThumbprint,
  decodeJwt,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  type JWTPayload,
} from 'jose';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import { DpopProofs, type DpopOptions } from './dpop-proofs.js';

interface Proof extends JWTPayload {
  readonly thumbprint: string;
  readonly htm?: string;
  readonly htu?: string;
  readonly ath?: string;
  readonly nonce?: string;
}

/** Checks a proof as RFC 9449 §4.3 prescribes, but for the replay. */
async function proofOf({ headers, method, path }: ReceivedRequest, origin: string): Promise<Proof> {
  const { payload, protectedHeader } = await jwtVerify(String(headers['dpop']), EmbeddedJWK, { typ: 'dpop+jwt' });
  expect(protectedHeader.jwk).not.toHaveProperty('d');
  expect(payload).toMatchObject({ htm: method, htu: `${origin}${path.split('?')[0]}`, jti: expect.any(String) });
  return { ...payload, thumbprint: await calculateJwkThumbprint(protectedHeader.jwk!) };
}

let authorizationServer: TestServer;
let messageService: TestServer;
const proofs: Proof[] = [];
const jtis = new Set<unknown>();

beforeEach(async () => {
  proofs.length = 0;
  jtis.clear();
  const issuer = await createTestIssuer();
  authorizationServer = await startTestServer(async (request): Promise<TestAnswer> => {
    const proof = await proofOf(request, authorizationServer.url);
    proofs.push(proof);
    if (proof.nonce !== 'server-nonce') {
      return { status: 400, headers: { 'dpop-nonce': 'server-nonce' }, body: { error: 'use_dpop_nonce' } };
    }
    return {
      body: {
        access_token: await issuer.token({ cnf: { jkt: proof.thumbprint } }),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'DPoP',
        expires_in: 300,
      },
    };
  });
  messageService = await startTestServer(async (request): Promise<TestAnswer> => {
    const proof = await proofOf(request, messageService.url);
    proofs.push(proof);
    jtis.add(proof.jti);
    const token = request.headers.authorization?.replace(/^DPoP /, '') ?? '';
    expect(proof.ath).toBe(createHash('sha256').update(token).digest('base64url'));
    expect(decodeJwt(token)['cnf']).toEqual({ jkt: proof.thumbprint });
    if (proof.nonce !== 'service-nonce') {
      const challenge = 'DPoP error="use_dpop_nonce", error_description="nonce needed"';
      return { status: 401, headers: { 'dpop-nonce': 'service-nonce', 'www-authenticate': challenge } };
    }
    return { body: 'hello' };
  });
});
afterEach(() => Promise.all([authorizationServer.close(), messageService.close()]));

function serviceWith(dpop: DpopOptions): TokenExchangeService {
  return new TokenExchangeService({
    tokenEndpoint: `${authorizationServer.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
    dpop,
    // a machine that is busy for a moment must not decide
    timeout: 20_000,
  });
}

describe('RFC 9449 DPoP', () => {
  it(
    requirement(
      'RFC9449-8-nonce',
      'the nonce that a server supplied is the value of the nonce claim in the proofs sent to it',
    ),
    async () => {
      const messages = serviceWith(true).downstream({ name: 'messages', baseUrl: messageService.url });
      expect(await onBehalfOf('subject', () => messages.get('/message?of=today'))).toBe('hello');
      expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'server-nonce', undefined, 'service-nonce']);
      expect(new Set(proofs.map(({ thumbprint }) => thumbprint)).size).toBe(1);
    },
  );

  it('§9: remembers the nonce and makes a fresh proof for every call', async () => {
    const messages = serviceWith(true).downstream({ name: 'messages', baseUrl: messageService.url });
    for (let i = 0; i < 3; i++) await onBehalfOf('subject', () => messages.get('/message'));
    expect(messageService.requests).toHaveLength(4);
    expect(authorizationServer.requests).toHaveLength(2);
    expect(jtis.size).toBe(4);
  });

  it('uses a key that is given', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const service = serviceWith({ key: { algorithm: 'ES256', jwk: await exportJWK(privateKey) }, publicJwk });
    const token = await service.exchange({ subjectToken: 'subject' });
    expect(token.claims()?.['cnf']).toEqual({ jkt: await calculateJwkThumbprint(publicJwk) });
  });

  it(requirement('RFC9449-4.2-jwk', 'the public key in the jwk header MUST NOT contain a private key'), async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(privateKey);
    await serviceWith({ key: { algorithm: 'ES256', jwk }, publicJwk: jwk }).exchange({ subjectToken: 'subject' });
    expect(proofs).toHaveLength(2);
  });

  it('remembers the nonces of the last 100 servers, not of all there ever were', async () => {
    const proofs = new DpopProofs(true, systemClock);
    for (let i = 0; i <= 100; i++) proofs.remember(`https://server-${i}.example/`, `nonce-${i}`);
    const nonceFor = async (i: number) =>
      decodeJwt(await proofs.prove('GET', `https://server-${i}.example/x`))['nonce'];
    expect(await Promise.all([0, 1, 100].map(nonceFor))).toEqual([undefined, 'nonce-1', 'nonce-100']);
  });

  it(
    requirement(
      'RFC9449-5-discard',
      'the client MUST discard a response whose token_type is not DPoP when the protection is important',
    ),
    async () => {
      authorizationServer.answering = () => ({
        body: {
          access_token: 'unbound',
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
        },
      });
      await expect(serviceWith(true).exchange({ subjectToken: 'subject' })).rejects.toMatchObject({
        reason: 'malformed',
      });
    },
  );

  it('§8: asks once more only, when the server goes on asking for a nonce', async () => {
    authorizationServer.answering = () => ({
      status: 400,
      headers: { 'dpop-nonce': 'other' },
      body: { error: 'use_dpop_nonce' },
    });
    await expect(serviceWith(true).exchange({ subjectToken: 'subject' })).rejects.toMatchObject({
      error: 'use_dpop_nonce',
    });
    expect(authorizationServer.requests).toHaveLength(2);
  });
});
