import { verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TransitServer } from '@onbehalf/testing-internal';
import { calculateJwkThumbprint } from 'jose';
import { VaultTransitSigner, type TransitSigningKey, type VaultTransitOptions } from './vault-transit-signer.js';

const HOUR = 3600;
const DATA = Buffer.from('eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJiYWVsZHVuZyJ9');

describe("keys of Vault's transit engine", () => {
  const server = new TransitServer();
  let now: number;

  const at = (seconds: number): Date => new Date(seconds * 1000);
  const open = (options: Partial<VaultTransitOptions> = {}): VaultTransitSigner =>
    new VaultTransitSigner({
      address: server.address,
      token: () => Promise.resolve('s.test-token'),
      keys: ['es', 'rs'],
      schedule: { publishAhead: HOUR, retireFor: 2 * HOUR },
      clock: () => now,
      ...options,
    });
  const verifies = ({ publicJwk }: TransitSigningKey, signature: Uint8Array): boolean =>
    verify('sha256', DATA, { key: publicJwk, format: 'jwk', dsaEncoding: 'ieee-p1363' }, signature);

  beforeEach(async () => {
    now = 1_800_000_000;
    server.requests.length = 0;
    server.status = undefined;
    await server.start();
    for (const [name, type] of [
      ['es', 'ecdsa-p256'],
      ['rs', 'rsa-2048'],
    ] as const) {
      server.forget(name);
      server.rotate(name, type, at(now));
    }
  });
  afterEach(() => server.stop());

  it('RFC 7518 §3.3, §3.4: signs as JWS does, and Vault sees a digest instead of the token', async () => {
    const signer = open({ namespace: 'identity' });
    const keys = await signer.keys();
    expect(keys.map(({ algorithm }) => algorithm)).toEqual(['ES256', 'RS256']);
    for (const key of keys) {
      expect(key.kid).toBe(await calculateJwkThumbprint(key.publicJwk));
      expect(verifies(key, await signer.sign(key, DATA))).toBe(true);
    }
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/transit/keys/es',
      'GET /v1/transit/keys/rs',
      'POST /v1/transit/sign/es',
      'POST /v1/transit/sign/rs',
    ]);
    for (const { headers, body } of server.requests) {
      expect(headers).toMatchObject({ 'x-vault-token': 's.test-token', 'x-vault-namespace': 'identity' });
      expect(body).not.toContain(DATA.toString('base64').slice(0, 20));
    }
  });

  it('a new version is published at once, signs when guards have it, and the old one leaves after what it signed', async () => {
    const signer = open({ keys: ['es'] });
    const [first] = await signer.keys();
    now += 10 * HOUR;
    server.rotate('es', 'ecdsa-p256', at(now));
    const [signing, waiting, ...none] = await signer.keys();
    expect([signing, none]).toEqual([first, []]);
    now += HOUR - 1;
    expect(await signer.keys()).toEqual([first, waiting]);
    now += 1;
    expect(await signer.keys()).toEqual([waiting, first]);
    expect(verifies(waiting!, await signer.sign(waiting!, DATA))).toBe(true);
    now += 2 * HOUR;
    expect(await signer.keys()).toEqual([waiting]);
  });

  it('a version that was taken away in Vault is gone at once, and the next one takes over', async () => {
    const signer = open({ keys: ['es'] });
    const [first] = await signer.keys();
    server.rotate('es', 'ecdsa-p256', at(now));
    server.configure('es', { minDecryption: 2, minEncryption: 2 });
    const keys = await signer.keys();
    expect(keys).toHaveLength(1);
    expect(keys).not.toContainEqual(first);
    expect(verifies(keys[0]!, await signer.sign(keys[0]!, DATA))).toBe(true);
    await expect(signer.sign(first!, DATA)).rejects.toMatchObject({ code: 'KEY_NOT_PUBLISHED' });
  });

  it('a version that Vault may no longer sign with does not sign, and stays published', async () => {
    const signer = open({ keys: ['es'] });
    const [first] = await signer.keys();
    server.rotate('es', 'ecdsa-p256', at(now));
    server.configure('es', { minEncryption: 2 });
    expect((await signer.keys()).indexOf(first!)).not.toBe(0);
    expect(await signer.keys()).toContainEqual(first);
  });

  it('a token that was replaced in its file is read again, and one that is refused twice is not repeated', async () => {
    const tokens = ['s.expired', 's.test-token'];
    const renewed = open({ token: () => Promise.resolve(tokens.shift() ?? 's.test-token') });
    expect(await renewed.keys()).toHaveLength(2);
    const expired = open({ token: () => Promise.resolve('s.expired'), keys: ['es'] });
    server.requests.length = 0;
    await expect(expired.keys()).rejects.toMatchObject({ code: 'HTTP_403' });
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, () => Promise<void> | void, string]>([
    ['sealed', () => void (server.status = 503), 'HTTP_503'],
    ['redirecting', () => void (server.status = 307), 'HTTP_307'],
  ])('a Vault that is %s is an outage, without its words', async (_, cause, code) => {
    const signer = open();
    const [key] = await signer.keys();
    await cause();
    const failure = signer.sign(key!, DATA);
    await expect(failure).rejects.toMatchObject({ code, message: `Vault does not answer (${code})` });
  });

  it('a Vault that is gone is an outage', async () => {
    const gone = await new TransitServer().start();
    await gone.stop();
    await expect(open({ address: gone.address }).keys()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each([
    ['ed', 'transit keys is "ed (ed25519)"; accepted: keys of type ecdsa-p256 (ES256), rsa-2048'],
    ['none', 'transit keys is "none"; accepted: names of keys that are in the transit engine'],
  ])('a key that cannot sign tokens (%s) is a mistake in the configuration', async (name, message) => {
    server.forget('ed');
    server.rotate('ed', 'ed25519');
    await expect(open({ keys: ['es', name] }).keys()).rejects.toThrow(message);
  });
});
