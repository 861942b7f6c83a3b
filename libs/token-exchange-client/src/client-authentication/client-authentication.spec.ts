import { Buffer } from 'node:buffer';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type ReceivedRequest, type TestServer } from '@onbehalf/testing';
import { createTestCertificate, createTestCluster } from '@onbehalf/testing-internal';
import { exportJWK, exportPKCS8, generateKeyPair, jwtVerify, type CryptoKey, type JWTPayload } from 'jose';
import { TokenExchangeService } from '../token-exchange.service.js';
import type { ClientAuthentication } from './client-authentication.js';
import type { SigningKey } from './signing-key.js';

const ISSUER = 'https://issuer.example';
const issued = {
  access_token: 'issued',
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  token_type: 'Bearer',
  expires_in: 300,
};

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer(() => ({ body: issued }));
});
afterEach(() => server.close());

async function exchangeAs(clientAuthentication: ClientAuthentication): Promise<ReceivedRequest> {
  const tokenEndpoint = `${server.url}/token`;
  const service = new TokenExchangeService({ issuer: ISSUER, tokenEndpoint, clientAuthentication });
  await service.exchange({ subjectToken: 'subject', audience: 'message-service' });
  return server.requests.at(-1)!;
}

describe('RFC 6749 §2.3.1 client password', () => {
  it.each([
    ['plain', 'user-service', 's3cret', 'user-service:s3cret'],
    ['reserved', 'a:b', 'p&s=w%rd+ü /', 'a%3Ab:p%26s%3Dw%25rd%2B%C3%BC+%2F'],
  ])('client_secret_basic encodes both parts: %s', async (_case, clientId, clientSecret, credentials) => {
    const { headers, form } = await exchangeAs({ method: 'client_secret_basic', clientId, clientSecret });
    expect(Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()).toBe(credentials);
    expect(form.has('client_secret')).toBe(false);
    expect(form.has('client_id')).toBe(false);
  });

  it('client_secret_post puts them into the form, and only there', async () => {
    const { headers, form, path } = await exchangeAs({
      method: 'client_secret_post',
      clientId: 'user-service',
      clientSecret: 'p&s=w%rd+ü /',
    });
    expect([form.get('client_id'), form.get('client_secret')]).toEqual(['user-service', 'p&s=w%rd+ü /']);
    expect(headers.authorization).toBeUndefined();
    expect(path).toBe('/token');
  });

  it('none names the client only', async () => {
    const { headers, form } = await exchangeAs({ method: 'none', clientId: 'user-service' });
    expect(form.get('client_id')).toBe('user-service');
    expect(headers.authorization).toBeUndefined();
  });
});

describe('RFC 7523 §2.2 private_key_jwt', () => {
  async function verified(form: URLSearchParams, publicKey: CryptoKey): Promise<JWTPayload> {
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const { payload } = await jwtVerify(form.get('client_assertion') ?? '', publicKey, {
      issuer: 'user-service',
      subject: 'user-service',
      requiredClaims: ['jti', 'iat', 'exp'],
      maxTokenAge: 60,
    });
    return payload;
  }

  const forms: [string, (privateKey: CryptoKey) => Promise<SigningKey>][] = [
    ['PEM', async (key) => ({ algorithm: 'ES256', pem: await exportPKCS8(key) })],
    ['JWK', async (key) => ({ algorithm: 'ES256', keyId: 'key-1', jwk: await exportJWK(key) })],
    ['CryptoKey', (key) => Promise.resolve({ algorithm: 'ES256', cryptoKey: key })],
  ];
  it.each(forms)('signs with a key given as %s, for the issuer as the only audience', async (_form, keyOf) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const authentication = {
      method: 'private_key_jwt',
      clientId: 'user-service',
      key: await keyOf(privateKey),
    } as const;
    const { form } = await exchangeAs(authentication);
    expect((await verified(form, publicKey)).aud).toBe(ISSUER);
    expect(form.get('client_id')).toBe('user-service');
  });

  it('signs with a function, for a key that stays in its vault', async () => {
    const vault = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const sign = (input: Uint8Array): Promise<Uint8Array> =>
      Promise.resolve(createSign('sha256').update(input).sign(vault.privateKey));
    const key: SigningKey = { algorithm: 'RS256', keyId: 'vault-key', header: { 'x5t#S256': 'thumbprint' }, sign };
    const { form } = await exchangeAs({ method: 'private_key_jwt', clientId: 'user-service', key });
    const { protectedHeader } = await jwtVerify(form.get('client_assertion') ?? '', vault.publicKey);
    expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'vault-key', 'x5t#S256': 'thumbprint' });
  });

  it('names another audience where the server insists on it', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const key: SigningKey = { algorithm: 'ES256', cryptoKey: privateKey };
    const audience = `${server.url}/token`;
    const { form } = await exchangeAs({ method: 'private_key_jwt', clientId: 'user-service', key, audience });
    expect((await verified(form, publicKey)).aud).toBe(audience);
  });

  it('has a fresh jti in the second attempt', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    server.answering = () => (server.requests.length === 1 ? { status: 503 } : { body: issued });
    await exchangeAs({
      method: 'private_key_jwt',
      clientId: 'user-service',
      key: { algorithm: 'ES256', cryptoKey: privateKey },
    });
    const claims = await Promise.all(server.requests.map(({ form }) => verified(form, publicKey)));
    expect(claims).toHaveLength(2);
    expect(claims[0]?.jti).not.toBe(claims[1]?.jti);
  });
});

describe('RFC 7523 §2.2: the token of the platform', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assertion-'));
  const assertionFile = join(folder, 'token');
  const authentication = { method: 'private_key_jwt', clientId: 'user-service', assertionFile } as const;
  const service = () =>
    new TokenExchangeService({
      issuer: ISSUER,
      tokenEndpoint: `${server.url}/token`,
      clientAuthentication: authentication,
    });
  const shown = (): (string | null)[] =>
    ['client_id', 'client_assertion_type', 'client_assertion'].map((name) => server.requests.at(-1)!.form.get(name));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is sent as it stands in the file at the time of each request', async () => {
    const cluster = await createTestCluster();
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const [first, second] = await Promise.all([cluster.token('shop/a', ISSUER), cluster.token('shop/a', ISSUER)]);
    writeFileSync(assertionFile, first);
    const exchanging = service();
    await exchanging.exchange({ subjectToken: 'one', audience: 'message-service' });
    expect(shown()).toEqual(['user-service', type, first]);
    writeFileSync(assertionFile, `${second}\n`);
    await exchanging.exchange({ subjectToken: 'two', audience: 'message-service' });
    expect(shown()).toEqual(['user-service', type, second]);
    expect(server.requests.at(-1)!.headers.authorization).toBeUndefined();
  });

  it('that has gone is no refusal and no request, and is told by its file', async () => {
    writeFileSync(assertionFile, await (await createTestCluster()).token('shop/a', ISSUER));
    const exchanging = service();
    rmSync(assertionFile);
    await expect(exchanging.exchange({ subjectToken: 'one', audience: 'a' })).rejects.toMatchObject({
      name: 'ExchangeUnavailable',
      reason: 'credentials',
      message: `The client assertion in ${assertionFile} cannot be used: ENOENT`,
    });
    expect(server.requests).toHaveLength(0);
    const accepted = 'the path of a file that holds a JWT';
    expect(service).toThrow(
      `TokenExchangeModule.clientAuthentication.assertionFile is ${JSON.stringify(assertionFile)}; accepted: ${accepted}`,
    );
  });

  it('stands in place of a key, not beside one', () => {
    const both = { ...authentication, key: { algorithm: 'ES256', pem: 'x' } } as const;
    expect(() => new TokenExchangeService({ issuer: ISSUER, clientAuthentication: both })).toThrow(
      'TokenExchangeModule.clientAuthentication.key is "(hidden)"; accepted: either key or assertionFile',
    );
  });
});

describe('RFC 8705 tls_client_auth', () => {
  const fingerprint = ({ raw }: ReceivedRequest) => (raw.socket as TLSSocket).getPeerCertificate().subject?.CN;

  it('shows the certificate to the alias address, and to the service that is called', async () => {
    const own = createTestCertificate('server');
    const client = createTestCertificate('user-service');
    const tls = { cert: own.certificate, key: own.privateKey, ca: client.certificate, requestCert: true };
    const shown: unknown[] = [];
    const mutual = await startTestServer(
      (request) => {
        shown.push(fingerprint(request));
        const { url } = mutual;
        if (request.path !== '/.well-known/openid-configuration') return { body: issued };
        return {
          body: {
            issuer: url,
            token_endpoint: `${url}/plain`,
            mtls_endpoint_aliases: { token_endpoint: `${url}/mtls` },
          },
        };
      },
      { tls },
    );
    const service = new TokenExchangeService({
      issuer: mutual.url,
      clientAuthentication: { method: 'tls_client_auth', clientId: 'user-service', ca: own.certificate, ...client },
    });
    await service.downstream({ name: 'messages', baseUrl: mutual.url }).asService().get('/messages');
    expect(mutual.requests.map(({ path }) => path)).toEqual([
      '/.well-known/openid-configuration',
      '/mtls',
      '/messages',
    ]);
    expect(mutual.requests[1]?.form.get('client_id')).toBe('user-service');
    expect(shown.slice(1)).toEqual(['user-service', 'user-service']);
    await mutual.close();
  });

  it('does not talk to a server that it cannot verify', async () => {
    const impostor = createTestCertificate('server');
    const client = createTestCertificate('user-service');
    const tls = { cert: impostor.certificate, key: impostor.privateKey };
    const mutual = await startTestServer(() => ({ body: issued }), { tls });
    const service = new TokenExchangeService({
      tokenEndpoint: `${mutual.url}/token`,
      clientAuthentication: { method: 'tls_client_auth', clientId: 'user-service', ...client },
    });
    await expect(service.exchange({ subjectToken: 'subject' })).rejects.toMatchObject({
      name: 'ExchangeUnavailable',
      reason: 'connection',
    });
    expect(mutual.requests).toHaveLength(0);
    await mutual.close();
  });
});
