import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import {
  type Answer,
  basic,
  caseRegistrations,
  createExchangeWorld,
  type ExchangeCase,
  exchangeCases,
  exchangeForm,
  type ExchangeWorld,
  toAnswer,
} from '@onbehalf/testing-internal';
import {
  calculateJwkThumbprint,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type GenerateKeyPairResult,
} from 'jose';
import { System } from '../../tools/system.ts';

const NO_PASSWORD = 'scrypt$65536$8$2$c2FsdA$aGFzaAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

/** How the body of a request may be written; the answer must be the same. */
const WAYS: Readonly<Record<string, (form: URLSearchParams) => RequestInit>> = {
  'of a known length': (form) => ({ body: form }),
  'in chunks': (form) => ({
    body: Readable.toWeb(Readable.from(chunks(form))) as ReadableStream,
    duplex: 'half',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }),
};

function* chunks(form: URLSearchParams): Generator<Buffer> {
  const bytes = Buffer.from(form.toString());
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

/** The registrations of the cases as a configuration file. */
function toConfig({ clients, resources, edges, accounts }: typeof caseRegistrations): object {
  return {
    resources,
    edges,
    clients: clients.map(({ confidential, ...client }) => ({
      ...client,
      grantTypes: [GrantType.TokenExchange],
      ...(confidential ? { secret: 'secret' } : { authentication: 'none' }),
    })),
    users: Object.entries(accounts).map(([username, account]) => ({ username, passwordHash: NO_PASSWORD, ...account })),
  };
}

/** The server's own key with the server's own index: every token that the cases sign counts as issued by the server. */
function recording(server: TestIssuer, store: AuthorizationStore): TestIssuer {
  return {
    ...server,
    token: async (overrides) => {
      const token = await server.token(overrides);
      const { jti, sub = '', exp = 0 } = decodeJwt(token);
      if (jti !== undefined && Number.isSafeInteger(exp) && !(await store.tokens.find(jti))) {
        await store.tokens.record({ jti, subject: sub, clientId: 'client-app', audiences: [], expiresAt: exp });
      }
      return token;
    },
  };
}

describe('bad input and the answer to it, at the token endpoint', () => {
  let system: System;
  let store: AuthorizationStore;
  let world: ExchangeWorld;
  let caller: GenerateKeyPairResult;
  let exchanges = 0;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'exchange-cases-'));
    const path = (name: string): string => join(folder, name);
    const url = `sqlite:${path('server.db')}`;
    system = await System.onFreePorts({
      AUTH_SERVER_CONFIG: path('config.json'),
      SIGNING_KEYS_FILE: path('keys.json'),
      DATABASE_URL: url,
    });
    const server = await createTestIssuer({ issuer: system.url('auth-server') });
    const rsa = await generateKeyPair('RS256', { extractable: true });
    const keys = [
      { ...(await exportJWK(server.privateKey)), alg: 'ES256', kid: server.jwks.keys[0]!.kid },
      { ...(await exportJWK(rsa.privateKey)), alg: 'RS256', kid: 'rsa' },
    ];
    writeFileSync(path('keys.json'), JSON.stringify({ keys }));
    writeFileSync(path('config.json'), JSON.stringify(toConfig(caseRegistrations)));
    await system.up('auth-server');
    store = await openStore({ url, issuer: server.issuer });
    await store.tokens.revoke(caseRegistrations.revokedTokenId);
    caller = await generateKeyPair('ES256', { extractable: true });
    const callerKey = await calculateJwkThumbprint(await exportJWK(caller.publicKey));
    world = await createExchangeWorld({ server: recording(server, store), callerKey });
  }, 60_000);

  afterAll(async () => {
    await system.down();
    await store.close();
  });

  async function proof(endpoint: string): Promise<string> {
    return new SignJWT({ htm: 'POST', htu: endpoint, jti: randomUUID() })
      .setIssuedAt()
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(caller.publicKey) })
      .sign(caller.privateKey);
  }

  async function send(one: ExchangeCase, written: (form: URLSearchParams) => RequestInit): Promise<Answer> {
    const endpoint = `${system.url('auth-server')}/oauth2/token`;
    const form = await exchangeForm(world, one.send);
    const client = one.client ?? 'user-service';
    const headers = new Headers();
    if (client === 'public-app') form.set('client_id', client);
    else headers.set('authorization', basic(client, 'secret'));
    if (one.proof) headers.set('dpop', await proof(endpoint));
    const { headers: type, ...body } = written(form);
    for (const [name, value] of new Headers(type)) headers.set(name, value);
    const answer = await toAnswer(await fetch(endpoint, { method: 'POST', headers, ...body }));
    // what is too large to be read is not known to be one
    const read = !String(answer.body['error_description']).startsWith('the content must not be longer');
    if (read && form.get('grant_type') === GrantType.TokenExchange) exchanges += 1;
    return answer;
  }

  const cases = Object.keys(WAYS).flatMap((way) => exchangeCases.map((one) => [one.row, one.name, way, one] as const));

  it.each(cases)('row %i: %s, its body %s', async (_row, _name, way, one) => {
    const { status, headers, body } = await send(one, WAYS[way]!);
    expect(headers.get('cache-control')).toContain('no-store');
    if (one.client === 'disabled-service') {
      // over HTTP a disabled client does not even authenticate
      expect([status, body['error']]).toEqual([401, 'invalid_client']);
    } else if ('error' in one.expected) {
      expect({ status, ...body }).toMatchObject({ status: 400, error: one.expected.error, ...one.expected.parameters });
      expect(body['error_description']).toEqual(expect.any(String));
    } else {
      expect({ status, ...body }).toMatchObject({ status: 200, ...one.expected.response });
      expect(decodeJwt(String(body['access_token']))).toMatchObject(one.expected.claims(world));
    }
  });

  it('every request left exactly one record', async () => {
    const { records } = await store.audit.query({ limit: 1000 });
    expect(records.filter(({ event }) => event['type'] === 'token_exchange')).toHaveLength(exchanges);
    expect((await store.audit.verify()).ok).toBe(true);
  });
});
