import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  type Answer,
  type AssertionContent,
  basic,
  forgedAssertions,
  postForm,
  requirement,
  signAssertion,
  unsignedAssertion,
} from '@onbehalf/testing-internal';
import { decodeJwt } from 'jose';
import { Replicas } from '../../tools/replicas.ts';
import { System } from '../../tools/system.ts';
import { Operator } from './operator.js';
import { hashOf } from './password-hash.js';
import { closeStores, sharedStores } from './shared-stores.js';

const PASSWORD = hashOf('password');
const IDP = 'urn:example:legacy-idp';
const ENTITY = 'https://legacy.example/metadata';
const ACS = 'https://legacy.example/acs';

const NOW = Math.floor(Date.now() / 1000);
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = keys.publicKey.export({ type: 'spki', format: 'pem' });

const accepted = { audiences: [ENTITY], recipients: [ACS], subjectAudience: 'legacy' };
const issuer = { keys: [pem], clients: [{ client: 'legacy-service', ...accepted }] };
const edge = {
  client: 'legacy-service',
  subjectAudience: 'legacy',
  subjectTypes: [TokenType.Saml2],
  subjectIssuers: [IDP],
};
const service = { secret: 'secret', grantTypes: [GrantType.TokenExchange] };

const CONFIG = {
  resources: [
    { audience: 'auth-server', scopes: ['exchange.explain'] },
    { audience: 'legacy', scopes: [] },
    { audience: 'message-service', scopes: ['message.read'] },
  ],
  clients: [
    { ...service, clientId: 'legacy-service', represents: ['legacy'] },
    { ...service, clientId: 'other-service', represents: ['legacy'] },
    { ...service, clientId: 'message-service', represents: ['message-service'] },
    {
      clientId: 'operator',
      secret: 'operator-secret',
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['exchange.explain'],
      defaultResource: 'auth-server',
    },
  ],
  users: [
    { username: 'alice', passwordHash: PASSWORD, enabled: true },
    { username: 'gone', passwordHash: PASSWORD, enabled: false },
  ],
  edges: [
    { ...edge, target: 'message-service', mode: 'delegation', scopes: { 'message.read': {} }, timeToLive: 200 },
    { ...edge, client: 'other-service', target: 'message-service', mode: 'delegation', scopes: { 'message.read': {} } },
  ],
  samlAssertion: { issuers: [{ ...issuer, entityId: IDP, subject: { to: 'account' } }] },
};

function assertion(content: Partial<AssertionContent> = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const given = { now, issuer: IDP, audience: ENTITY, recipient: ACS, id: `_${randomUUID()}`, ...content };
  return Buffer.from(signAssertion(unsignedAssertion(given), { key: keys.privateKey })).toString('base64url');
}

function exchange(server: string, subjectToken: string, client = 'legacy-service', scope?: string): Promise<Answer> {
  const form = {
    grant_type: GrantType.TokenExchange,
    subject_token: subjectToken,
    subject_token_type: TokenType.Saml2,
    audience: 'message-service',
    scope,
  };
  return postForm(`${server}/oauth2/token`, form, { authorization: basic(client, 'secret') });
}

function configFile(): string {
  const file = join(mkdtempSync(join(tmpdir(), 'saml-')), 'config.json');
  writeFileSync(file, JSON.stringify(CONFIG));
  return file;
}

describe('SAML assertions at the token endpoint', () => {
  let system: System;
  let server: string;

  beforeAll(async () => {
    system = await System.onFreePorts({ AUTH_SERVER_CONFIG: configFile(), DATABASE_URL: 'sqlite::memory:' });
    await system.up('auth-server');
    server = system.url('auth-server');
  }, 60_000);

  afterAll(() => system.down());

  it('become access tokens: the user as subject, the service as actor, and how and when the user signed in', async () => {
    const answer = await exchange(server, assertion());
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ issued_token_type: TokenType.AccessToken, token_type: 'Bearer' });
    const claims = decodeJwt(String(answer.body['access_token']));
    expect(claims).toMatchObject({
      iss: server,
      sub: 'alice',
      aud: 'message-service',
      client_id: 'legacy-service',
      act: { sub: 'legacy-service' },
      acr: 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
    });
    expect(claims['auth_time']).toBeLessThanOrEqual(claims.iat! - 59);
  });

  it('end before the token does', async () => {
    const { body } = await exchange(server, assertion({ sessionEnd: 40 }));
    expect(Number(body['expires_in'])).toBeLessThanOrEqual(40);
  });

  it('are explained, whatever becomes of them, and not used up by it', async () => {
    const operator = await Operator.with('exchange.explain', server);
    const explain = async (subject_token: string) => {
      const form = { client_id: 'legacy-service', subject_token, subject_token_type: TokenType.Saml2 };
      const body = new URLSearchParams({ ...form, grant_type: GrantType.TokenExchange, audience: 'message-service' });
      const explanation: unknown = await (
        await operator.fetch('/admin/exchange/explain', { method: 'POST', body })
      ).json();
      return explanation;
    };
    const id = `_${randomUUID()}`;
    const presented = assertion({ id });
    const acr = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport';
    expect(await explain(presented)).toMatchObject({
      outcome: 'permitted',
      details: { samlAssertion: { assertion: id, issuer: IDP, audiences: ['legacy'], acr } },
    });
    expect((await exchange(server, presented)).status).toBe(200);
    expect(await explain(assertion({ recipient: `${ACS}/other` }))).toMatchObject({
      outcome: 'refused',
      details: { samlAssertion: { rejected: 'audience' } },
    });
  });

  it('are accepted once, and a refused request does not use them up', async () => {
    const presented = assertion();
    expect((await exchange(server, presented, 'legacy-service', 'message.write')).body['error']).toBe('invalid_scope');
    expect((await exchange(server, presented)).status).toBe(200);
    const again = await exchange(server, presented);
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_request']);
  });

  it.each<[string, () => Promise<Answer>]>([
    ['from a client that they were not issued to', () => exchange(server, assertion(), 'other-service')],
    ['for another audience', () => exchange(server, assertion({ audience: `${ENTITY}/other` }))],
    ['for another recipient', () => exchange(server, assertion({ recipient: `${ACS}/other` }))],
    ['of another issuer', () => exchange(server, assertion({ issuer: 'urn:example:other' }))],
    ['that have expired', () => exchange(server, assertion({ confirmed: -60 }))],
    ['of a user who has no account', () => exchange(server, assertion({ name: 'nobody' }))],
    ['of a user who is disabled', () => exchange(server, assertion({ name: 'gone' }))],
    ['that are no base64url', () => exchange(server, `${assertion()}.`)],
    ['that were changed', () => exchange(server, Buffer.from('<a/>').toString('base64url'))],
  ])('are refused %s: RFC 8693 §2.2.2', async (_, send) => {
    const { status, headers, body } = await send();
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
    expect(headers.get('cache-control')).toContain('no-store');
    expect(JSON.stringify(body)).not.toContain(IDP);
  });

  const made = (content: Partial<AssertionContent> = {}) =>
    unsignedAssertion({ now: NOW, issuer: IDP, audience: ENTITY, recipient: ACS, ...content });

  it.each(
    forgedAssertions({
      unsigned: made,
      sign: (xml, signing = {}) => signAssertion(xml, { key: keys.privateKey, ...signing }),
    }),
  )('are refused when they are forged: %s', async (_, xml) => {
    const { status, body } = await exchange(server, Buffer.from(xml).toString('base64url'));
    expect([status, body['error']]).toEqual([400, 'invalid_request']);
  });

  it(
    requirement('RFC8693-2.2.2-saml', 'an invalid SAML subject_token is invalid_request, never a failure'),
    async () => {
      const good = Buffer.from(assertion(), 'base64url').toString();
      const broken = Array.from({ length: 40 }, (_, part) => good.slice(0, (good.length * part) / 40));
      const answers = await Promise.all(broken.map((xml) => exchange(server, Buffer.from(xml).toString('base64url'))));
      expect(new Set(answers.map(({ body }) => body['error']))).toEqual(new Set(['invalid_request']));
    },
  );
});

afterAll(closeStores);

describe.each(sharedStores)('SAML assertions at two replicas on $name', ({ open }) => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await Replicas.up(await open(), { AUTH_SERVER_CONFIG: configFile() });
  }, 60_000);

  afterAll(() => replicas.down());

  it('are accepted once, by whichever replica is first', async () => {
    for (let round = 0; round < 5; round += 1) {
      const presented = assertion();
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, i) => exchange(replicas.urls[i % 2]!, presented)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(9);
    }
  });
});
