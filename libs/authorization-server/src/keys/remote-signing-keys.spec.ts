import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { verifyJwt } from '@onbehalf/jwt-verification';
import { ConfigurationError } from '@onbehalf/oauth-protocol';
import { decodeProtectedHeader } from 'jose';
import type { ExternalKey, ExternalSigner } from './external-signer.js';
import { OWN_ALGORITHMS } from './key-set.js';
import { RemoteSigningKeys } from './remote-signing-keys.js';

const ISSUER = 'https://issuer.test';

/** Keeps its private keys to itself, as a KMS does. */
class Signer implements ExternalSigner {
  readonly #pairs = new Map<string, KeyObject>();
  published: ExternalKey[] = [];
  failure: Error | undefined;
  asked = 0;
  swap = false;

  constructor() {
    this.add('ES256', 'es-1');
    this.add('RS256', 'rs-1');
  }

  add(algorithm: 'ES256' | 'RS256', kid: string): void {
    const { privateKey, publicKey } =
      algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#pairs.set(kid, privateKey);
    this.published = [{ kid, algorithm, publicJwk: publicKey.export({ format: 'jwk' }) }, ...this.published];
  }

  async keys(): Promise<readonly ExternalKey[]> {
    await this.#answer();
    return this.published;
  }

  async sign({ kid }: ExternalKey, data: Uint8Array): Promise<Uint8Array> {
    await this.#answer();
    const key = this.#pairs.get(this.swap ? 'other' : kid)!;
    return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  }

  async #answer(): Promise<void> {
    this.asked += 1;
    await Promise.resolve();
    if (this.failure) throw this.failure;
  }
}

const refused = (code?: string): Error => Object.assign(new Error('token s.3cr3t at 10.0.0.1'), { code });

describe('keys whose private parts are elsewhere', () => {
  let signer: Signer;

  beforeEach(() => {
    signer = new Signer();
  });

  it.each(OWN_ALGORITHMS)('RFC 7515 §3.1: %s signatures verify with the published keys', async (alg) => {
    const keys = await RemoteSigningKeys.open({ signer });
    const exp = Math.floor(Date.now() / 1000) + 60;
    const token = await keys.sign({ iss: ISSUER, exp, name: 'zażółć' }, { typ: 'at+jwt', alg });
    expect(decodeProtectedHeader(token)).toEqual({ alg, kid: alg === 'ES256' ? 'es-1' : 'rs-1', typ: 'at+jwt' });
    const issuer = { issuer: ISSUER, keys: keys.verification, algorithms: OWN_ALGORITHMS };
    expect((await verifyJwt(token, { issuers: [issuer] })).claims).toEqual({ iss: ISSUER, exp, name: 'zażółć' });
  });

  it('a private member is never published, even if the signer names one', async () => {
    const [key] = signer.published;
    signer.published[0] = { ...key!, publicJwk: { ...key!.publicJwk, d: 'private' } };
    const keys = await RemoteSigningKeys.open({ signer });
    expect(JSON.stringify(keys.current.map(({ publicJwk }) => publicJwk))).not.toContain('private');
  });

  it.each([
    ['ECONNREFUSED', 'The signer does not answer (ECONNREFUSED)'],
    ['token s.3cr3t', 'The signer does not answer'],
    [undefined, 'The signer does not answer'],
  ])('an outage (%s) is temporarily_unavailable and tells no secret', async (code, reason) => {
    const keys = await RemoteSigningKeys.open({ signer });
    signer.failure = refused(code);
    await expect(keys.sign({}, { typ: 'at+jwt' })).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      status: 503,
      reason,
      cause: { name: 'SignerUnavailable', retryAfter: 1 },
    });
  });

  it('a signature of another key never leaves', async () => {
    const keys = await RemoteSigningKeys.open({ signer });
    signer.add('ES256', 'other');
    signer.swap = true;
    await expect(keys.sign({}, { typ: 'at+jwt' })).rejects.toMatchObject({ cause: { code: 'WRONG_SIGNATURE' } });
  });

  it('readiness costs no question while the signer answers, and one a second while it does not', async () => {
    const keys = await RemoteSigningKeys.open({ signer });
    await keys.ready();
    expect(signer.asked).toBe(1);
    signer.failure = refused('ETIMEDOUT');
    await expect(keys.sign({}, { typ: 'at+jwt' })).rejects.toThrow();
    for (let times = 0; times < 5; times += 1) {
      await expect(keys.ready()).rejects.toMatchObject({ cause: { code: 'ETIMEDOUT' } });
      await expect(keys.sign({}, { typ: 'at+jwt' })).rejects.toMatchObject({ cause: { code: 'ETIMEDOUT' } });
    }
    expect(signer.asked).toBe(2);
    signer.failure = undefined;
    await keys.follow();
    await keys.ready();
    expect(await keys.sign({}, { typ: 'at+jwt' })).toEqual(expect.any(String));
  });

  it('what the signer changes is followed; what it cannot tell leaves the keys as they are', async () => {
    const failures: unknown[] = [];
    const changes: string[][] = [];
    const keys = await RemoteSigningKeys.open({
      signer,
      onChanged: (now) => changes.push(now.map(({ kid }) => kid)),
      onFailure: (error) => failures.push(error),
    });
    let replaced = 0;
    keys.onReplaced(() => (replaced += 1));
    await keys.follow();
    expect(replaced).toBe(0);
    signer.add('ES256', 'es-2');
    await keys.follow();
    expect(decodeProtectedHeader(await keys.sign({}, { typ: 'at+jwt' })).kid).toBe('es-2');
    expect([replaced, changes]).toEqual([1, [['es-2', 'rs-1', 'es-1']]]);
    signer.failure = refused();
    await keys.follow();
    signer.failure = undefined;
    signer.published = signer.published.filter(({ algorithm }) => algorithm === 'ES256');
    await keys.follow();
    expect([replaced, failures.length]).toEqual([1, 2]);
  });

  it('what keeps the signer from its keys stops the start', async () => {
    signer.failure = refused('ECONNREFUSED');
    await expect(RemoteSigningKeys.open({ signer })).rejects.toThrow('The signer does not answer (ECONNREFUSED)');
    signer.failure = new ConfigurationError('token file', '/none', 'a file');
    await expect(RemoteSigningKeys.open({ signer })).rejects.toBe(signer.failure);
  });

  it('a signer without a key for each algorithm of the server is a mistake in the configuration', async () => {
    signer.published.pop();
    await expect(RemoteSigningKeys.open({ signer })).rejects.toThrow(
      'signing keys is ["RS256"]; accepted: a private key for ES256',
    );
  });
});
