import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { IMPERSONATION_CLAIM, OAuthError, TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations, type FormMutation } from '@onbehalf/testing-internal';
import { TokenRejection } from '@onbehalf/jwt-verification';
import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { ExchangeLab, RECEIPT } from './exchange.fixture.js';
import {
  OwnAccessTokenVerifier,
  type Admission,
  type ExchangeAuditEvent,
  type IssuedToken,
  type PolicyRegistrations,
  type TokenVerifier,
} from './index.js';

let issuer: string;

/** Names a user; the identifier of the impersonation is the name with a prefix, so that tests know it. */
const userIds: TokenVerifier = {
  types: [TokenType.UserId],
  verify: (subject, { at }) =>
    subject === 'malformed'
      ? Promise.reject(new TokenRejection('malformed', 'It names nobody'))
      : Promise.resolve({
          issuer,
          subject,
          audiences: [],
          expiresAt: at + 3600,
          named: { id: `imp-${subject}` },
        }),
};

const edge = (target: string, scope: string, more: object = {}) => ({
  client: 'web-app',
  target,
  mode: 'administrative' as const,
  scopes: { [scope]: {} },
  ...more,
});
const registrations: PolicyRegistrations = {
  ...caseRegistrations,
  resources: [...caseRegistrations.resources, { audience: 'operators', scopes: ['all'], reserved: true }],
  edges: [
    ...caseRegistrations.edges,
    edge('user-service', 'user.read'),
    edge('inbox', 'mail.read', { disclose: false, timeToLive: 99_999 }),
    edge('archive', 'mail.read', { maxAuthenticationAge: 60, acr: ['mfa'] }),
    edge('vault', 'vault.open', { issues: [RECEIPT] }),
    edge('operators', 'all'),
    {
      client: 'user-service',
      subjectAudience: 'user-service',
      target: 'operators',
      mode: 'delegation',
      scopes: { all: {} },
    },
    {
      client: 'user-service',
      subjectAudience: 'user-service',
      target: 'unreachable',
      mode: 'impersonation',
      reason: 'optional',
      scopes: { 'unreachable.read': {} },
      issues: [TokenType.AccessToken, RECEIPT],
    },
    {
      client: 'message-service',
      subjectAudience: 'inbox',
      target: 'archive',
      mode: 'impersonation',
      reason: 'optional',
      scopes: { 'mail.read': {} },
    },
  ],
  clients: caseRegistrations.clients.map((client) =>
    client.clientId === 'message-service' ? { ...client, represents: ['message-service', 'inbox'] } : client,
  ),
};
const accounts = { ...caseRegistrations.accounts, support: { enabled: true, protected: true } };
const now = (): number => Math.floor(Date.now() / 1000);

describe('an administrative impersonation', () => {
  let lab: ExchangeLab;
  let records: ExchangeAuditEvent[];
  let claims: string[];
  let refuses: OAuthError | undefined;
  const tokens = new Map<string, IssuedToken>();
  const admission: Admission = {
    name: 'one-at-a-time',
    admit(permit, { kind }) {
      if (kind !== 'administrative') return Promise.resolve(undefined);
      if (refuses) return Promise.reject(refuses);
      claims.push(`claimed ${permit.tokenId}`);
      return Promise.resolve({
        release: () => Promise.resolve(void claims.push('released')),
        settle: ({ jwtId }) => Promise.resolve(void claims.push(`settled ${jwtId}`)),
      });
    },
  };
  let recorded: boolean | Error = true;

  beforeAll(async () => {
    const world = await ExchangeLab.open();
    const { server } = world.world;
    issuer = server.issuer;
    const used = new Set<string>();
    lab = await ExchangeLab.open(
      {
        accounts,
        verifiers: [new OwnAccessTokenVerifier(server), userIds],
        admissions: [
          { name: 'first', admit: () => Promise.resolve({ release: async () => {}, settle: async () => {} }) },
          admission,
        ],
        state: {
          token: (_issuer, jwtId) =>
            Promise.resolve({ revoked: jwtId === 'a-revoked-token', ...markOf(tokens.get(jwtId)) }),
          use: ({ jwtId }) => Promise.resolve(!used.has(jwtId) && Boolean(used.add(jwtId))),
          account: (name) => Promise.resolve(Object.hasOwn(accounts, name) ? accounts[name as 'support'] : undefined),
        },
        sink: {
          record: (event) => Promise.resolve(void records.push(event)),
          recordIssued: (event, issued) => {
            if (recorded !== true) return recorded ? Promise.reject(recorded) : Promise.resolve(false);
            records.push(event);
            tokens.set(issued.jwtId, issued);
            return Promise.resolve(true);
          },
        },
      },
      registrations,
      world.world,
    );
  });
  beforeEach(() => {
    records = [];
    claims = [];
    refuses = undefined;
    recorded = true;
  });

  const administrator = (more: object = {}): Promise<string> =>
    lab.token({ sub: 'support', client_id: 'web-app', auth_time: now(), jti: randomUUID(), aud: 'operators', ...more });
  const request = async (more: FormMutation = {}, token: object = {}): Promise<FormMutation> => ({
    subject_token: 'baeldung',
    subject_token_type: TokenType.UserId,
    actor_token: await administrator(token),
    actor_token_type: TokenType.AccessToken,
    audience: 'user-service',
    scope: undefined,
    reason: 'a wrong balance',
    ...more,
  });
  const begin = async (more: FormMutation = {}, token: object = {}) => lab.ask(await request(more, token), 'web-app');
  const refusal = async (more: FormMutation = {}, token: object = {}) =>
    lab.refusal(await request(more, token), 'web-app');

  it('gives a token of the user that names the administrator and is marked', async () => {
    const issued = await begin();
    expect(decodeJwt(issued.token)).toEqual({
      iss: issuer,
      sub: 'baeldung',
      aud: 'user-service',
      client_id: 'web-app',
      scope: 'user.read',
      jti: 'imp-baeldung',
      iat: expect.any(Number) as unknown,
      exp: expect.any(Number) as unknown,
      act: { sub: 'support', iss: issuer, sub_profile: 'user' },
      [IMPERSONATION_CLAIM]: { id: 'imp-baeldung', sub: 'support', iss: issuer },
    });
    expect(issued.expiresIn).toBe(1800);
    expect(issued.parents).toHaveLength(1);
    expect(claims).toEqual(['claimed imp-baeldung', 'settled imp-baeldung']);
    expect(records).toMatchObject([
      { outcome: 'issued', kind: 'administrative', subject: 'baeldung', actors: [{ sub: 'support' }] },
    ]);
  });

  it('marks every token that is exchanged from it, also two hops later', async () => {
    const { token } = await begin();
    const first = await lab.ask({ subject_token: token, audience: 'message-service' });
    const second = await lab.ask(
      { subject_token: first.token, audience: 'user-service', scope: undefined },
      'message-service',
    );
    expect(decodeJwt(second.token)).toMatchObject({
      act: { sub: 'message-service', act: { sub: 'user-service', act: { sub: 'support' } } },
      [IMPERSONATION_CLAIM]: { id: 'imp-baeldung', sub: 'support' },
    });
    expect(second.impersonation).toMatchObject({ id: 'imp-baeldung', sub: 'support' });
    const asSubject = await lab.ask({ subject_token: token, audience: 'unreachable', scope: undefined });
    expect(decodeJwt(asSubject.token)).toHaveProperty(IMPERSONATION_CLAIM);
  });

  it('says nothing where the edge does not disclose, and is on record all the same, to the last token', async () => {
    const { token, expiresIn } = await begin({ audience: 'inbox' });
    expect(decodeJwt(token)).not.toHaveProperty('act');
    expect(decodeJwt(token)).not.toHaveProperty(IMPERSONATION_CLAIM);
    expect(expiresIn).toBe(3600);
    expect(records).toMatchObject([{ kind: 'administrative', actors: [{ sub: 'support' }] }]);
    const next = await lab.ask({ subject_token: token, audience: 'archive', scope: undefined }, 'message-service');
    expect(decodeJwt(next.token)).not.toHaveProperty(IMPERSONATION_CLAIM);
    expect(next.impersonation).toMatchObject({ id: 'imp-baeldung', sub: 'support' });
  });

  it('opens nothing else', async () => {
    const { token } = await begin();
    const from = { subject_token: token, scope: undefined };
    expect(await lab.refusal({ ...from, audience: 'operators' })).toMatchObject({
      rule: 'impersonated-reach',
      code: 'invalid_target',
    });
    expect(await lab.refusal({ ...from, audience: 'unreachable', requested_token_type: RECEIPT })).toMatchObject({
      rule: 'impersonated-reach',
      code: 'invalid_request',
    });
    expect(await refusal({ audience: 'operators' })).toMatchObject({ rule: 'impersonated-reach' });
    expect(await refusal({ audience: 'vault', requested_token_type: RECEIPT })).toMatchObject({
      rule: 'impersonated-reach',
    });
    const hidden = (await begin({ audience: 'inbox' })).token;
    for (const actor_token of [token, hidden]) {
      const actor = { actor_token, actor_token_type: TokenType.AccessToken, audience: 'ledger', scope: undefined };
      expect(await lab.refusal(actor)).toMatchObject({ rule: 'actor', code: 'invalid_request' });
      expect(await refusal({ actor_token })).toMatchObject({ rule: 'actor', code: 'invalid_request' });
    }
  });

  it.each<[string, FormMutation, object, object]>([
    ['nobody acts', { actor_token: undefined, actor_token_type: undefined }, {}, { rule: 'actor' }],
    ['the user id is the actor', { actor_token: 'support', actor_token_type: TokenType.UserId }, {}, { rule: 'actor' }],
    ['the name is malformed', { subject_token: 'malformed' }, {}, { rule: 'subject-token' }],
    ['no edge leads there', { audience: 'message-service' }, {}, { rule: 'target', code: 'invalid_target' }],
    ['there is no reason', { reason: undefined }, {}, { rule: 'impersonation' }],
    ['the scope is more than the edge gives', { scope: 'user.write' }, {}, { code: 'invalid_scope' }],
    ['the administrator is acted for', {}, { act: { sub: 'agent-7' } }, { rule: 'actor' }],
    ['the administrator’s token is marked', {}, { [IMPERSONATION_CLAIM]: { id: 'x', sub: 'y' } }, { rule: 'actor' }],
    ['the mark is malformed', {}, { [IMPERSONATION_CLAIM]: true }, { rule: 'actor-token' }],
    ['it was issued to another client', {}, { client_id: 'user-service' }, { rule: 'actor' }],
    ['the administrator is a client', {}, { sub: 'web-app' }, { rule: 'actor' }],
    ['the administrator is disabled', {}, { sub: 'former' }, { rule: 'actor-state' }],
    ['its token is revoked', {}, { jti: 'a-revoked-token' }, { rule: 'actor-state' }],
    ['its token is bound to a key', {}, { cnf: { jkt: 'k' } }, { rule: 'key-binding' }],
    ['there is no account', { subject_token: 'nobody' }, {}, { reason: 'there is no such account' }],
    ['the subject is a client', { subject_token: 'user-service' }, {}, { reason: 'there is no such account' }],
    ['the account is protected', { subject_token: 'root' }, {}, { reason: 'the account is protected' }],
    ['the account is disabled', { subject_token: 'former' }, {}, { reason: 'its subject is disabled' }],
    [
      'it is oneself',
      { subject_token: 'agent-7' },
      { sub: 'agent-7' },
      { reason: 'administrator and subject are one' },
    ],
  ])('is refused when %s', async (_name, form, token, expected) => {
    expect(await refusal(form, token)).toMatchObject({ code: 'invalid_request', ...expected });
    expect(claims).toEqual([]);
  });

  it('tells of no account to who may not impersonate, and tells all obstacles in one answer', async () => {
    const stale = { auth_time: now() - 301 };
    const answers = await Promise.all(
      ['nobody', 'root', 'former', 'baeldung'].map((subject_token) => refusal({ subject_token }, stale)),
    );
    expect(new Set(answers.map(({ description }) => description)).size).toBe(1);
    expect(answers[0]).toMatchObject({ code: 'insufficient_user_authentication', parameters: { max_age: 300 } });
    const obstacles = await Promise.all(
      ['nobody', 'root', 'former'].map((subject_token) => refusal({ subject_token })),
    );
    expect(new Set(obstacles.map(({ description, code }) => code + description)).size).toBe(1);
  });

  it('wants the administrator as fresh and as strong as the edge says', async () => {
    const parameters = { max_age: 60, acr_values: 'mfa' };
    const at = { audience: 'archive' };
    expect(await refusal(at, { auth_time: now() - 61, acr: 'mfa' })).toMatchObject({ parameters });
    expect(await refusal(at)).toMatchObject({ parameters });
    expect((await begin(at, { acr: 'mfa' })).jwtId).toBe('imp-baeldung');
    expect(await refusal({}, { auth_time: undefined })).toMatchObject({ code: 'insufficient_user_authentication' });
  });

  it('uses up a token that is bound to no key, and leaves the others', async () => {
    const actor_token = await administrator();
    await begin({ actor_token });
    expect(await refusal({ actor_token })).toMatchObject({ rule: 'single-use' });
    expect(claims).toEqual(['claimed imp-baeldung', 'settled imp-baeldung', 'claimed imp-baeldung', 'released']);
    const bound = await request({}, { cnf: { jkt: 'key' } });
    const proof = { proof: { jkt: 'key' } };
    for (const attempt of [1, 2]) {
      expect((await lab.claims(bound, 'web-app', proof))['cnf']).toEqual({ jkt: 'key', ...(attempt && {}) });
    }
  });

  it('gives back what was claimed when the token does not leave, and uses nothing up when an admission refuses', async () => {
    refuses = new OAuthError('authorization_pending', 'a second person has to agree', { parameters: { interval: 5 } });
    const actor_token = await administrator();
    expect(await refusal({ actor_token })).toMatchObject({
      rule: 'one-at-a-time',
      code: 'authorization_pending',
      parameters: { interval: 5 },
    });
    refuses = undefined;
    recorded = false;
    expect(await refusal({ actor_token })).toMatchObject({ rule: 'subject-state' });
    recorded = new Error('the disk is full');
    expect(await refusal()).toMatchObject({ code: 'server_error' });
    expect(claims).toEqual(['claimed imp-baeldung', 'released', 'claimed imp-baeldung', 'released']);
  });

  it('is explained, and claims nothing then', async () => {
    const form = await lab.form(await request());
    const explained = await lab.exchange.explain(
      form,
      lab.registrations.clients.find(({ clientId }) => clientId === 'web-app')!,
    );
    expect(explained).toMatchObject({
      outcome: 'permitted',
      kind: 'administrative',
      edges: ['web-app::user-service:administrative'],
    });
    expect(claims).toEqual([]);
  });
});

function markOf(issued: IssuedToken | undefined) {
  return issued?.impersonation ? { impersonation: issued.impersonation } : {};
}
