import { beforeAll, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations } from '@onbehalf/testing-internal';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { clientOf, ExchangeLab, GREETING, RECEIPT, signerOf } from './exchange.fixture.js';
import {
  AccessTokenIssuer,
  narrow,
  toIssuedToken,
  type Account,
  type DirectAccess,
  type Edge,
  type IssuedToken,
  type Permit,
  type Rule,
  type TokenVerifier,
} from './index.js';
import { finalRules, standardRules } from './rules/standard-rules.js';

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open();
});

const toMessages: Edge = {
  client: 'user-service',
  subjectAudience: 'user-service',
  target: 'message-service',
  mode: 'delegation',
  scopes: { 'message.read': { requires: ['user.read'] }, 'message.write': { requires: ['user.write'] } },
};

const openEdge = (edge: Partial<Edge>, surroundings = {}): Promise<ExchangeLab> =>
  ExchangeLab.open(surroundings, { edges: [{ ...toMessages, ...edge }] });

describe('scope', () => {
  it('is, unasked, all that the subject token earns', async () => {
    const open = await openEdge({});
    const subjectToken = await open.token({ scope: 'user.write user.read' });
    expect(await open.claims({ scope: undefined, subject_token: subjectToken })).toMatchObject({
      scope: 'message.read message.write',
    });
    expect(await open.claims({ scope: undefined })).toMatchObject({ scope: 'message.read' });
  });

  it('holds nothing that means nothing at the resource, whatever the edge lists', async () => {
    const open = await openEdge({ scopes: { 'user.read': {}, toString: {}, 'message.read': {} } });
    expect(await open.claims({ scope: undefined })).toMatchObject({ scope: 'message.read' });
    expect((await open.refusal({ scope: 'toString' })).code).toBe('invalid_scope');
  });

  it('is narrowed to what the user is entitled to', async () => {
    const accounts = { baeldung: { enabled: true, protected: false, entitledScopes: ['message.read'] } };
    const open = await openEdge({ scopes: { 'message.read': {}, 'message.write': {} } }, { accounts });
    expect(await open.claims({ scope: 'message.write message.read' })).toMatchObject({ scope: 'message.read' });
    expect(await open.refusal({ scope: 'message.write' })).toMatchObject({ code: 'invalid_scope' });
  });

  describe('at a reserved resource', () => {
    const user = { enabled: true, protected: false };
    const client = { clientId: 'user-service', enabled: true, confidential: true, represents: ['user-service'] };
    const reserved = (accounts: Record<string, Account>, asItself?: readonly DirectAccess[]): Promise<ExchangeLab> =>
      ExchangeLab.open(
        { accounts },
        {
          resources: [
            { audience: 'user-service', scopes: ['user.read'] },
            { audience: 'message-service', scopes: ['message.read', 'message.write'], reserved: true },
          ],
          clients: [{ ...client, ...(asItself && { asItself }) }],
          edges: [
            {
              client: 'user-service',
              subjectAudience: 'user-service',
              target: 'message-service',
              mode: 'delegation',
              scopes: { 'message.read': {}, 'message.write': {} },
            },
          ],
        },
      );

    it('is for users that list it', async () => {
      const open = await reserved({ baeldung: { ...user, entitledScopes: ['message.read'] } });
      expect(await open.claims({ scope: undefined })).toMatchObject({ scope: 'message.read' });
    });

    it('is not for users that list nothing, and not for foreign subjects', async () => {
      const open = await reserved({ baeldung: user });
      expect(await open.refusal()).toMatchObject({ code: 'invalid_scope' });
    });

    it('is for clients that may have it as themselves, and for no other', async () => {
      const ask = async (open: ExchangeLab) => ({
        subject_token: await open.token({ sub: 'user-service', client_id: 'user-service' }),
        scope: undefined,
      });
      const without = await reserved({}, [{ audience: 'user-service', scopes: ['message.read'] }]);
      expect(await without.refusal(await ask(without))).toMatchObject({ code: 'invalid_scope' });
      const open = await reserved({}, [{ audience: 'message-service', scopes: ['message.write'] }]);
      expect(await open.claims(await ask(open))).toMatchObject({ scope: 'message.write' });
    });
  });

  it('is nothing where no edge lists any', async () => {
    const open = await openEdge({ scopes: {} });
    expect(await open.refusal({ scope: undefined })).toMatchObject({ code: 'invalid_scope', rule: 'scope' });
  });
});

describe('lifetime', () => {
  it('is what the edge gives, 300 seconds by default', async () => {
    const subjectToken = await lab.token({ exp: lab.world.now + 9000 });
    expect((await lab.ask({ subject_token: subjectToken })).expiresIn).toBe(300);
    expect((await (await openEdge({ timeToLive: 60 })).ask()).expiresIn).toBe(60);
  });

  it.each([0, -60, Number.NaN])('is refused when the edge gives %d seconds', async (timeToLive) => {
    expect(await (await openEdge({ timeToLive })).refusal()).toMatchObject({
      code: 'invalid_request',
      rule: 'lifetime',
    });
  });

  it.each([0, -1, -10])(
    'of a token that has ended %d seconds ago is over: it has expired, whatever the tolerance of clocks',
    async (left) => {
      const expired = await lab.token({ exp: lab.world.now + left });
      expect(await lab.refusal({ subject_token: expired })).toMatchObject({
        code: 'invalid_request',
        rule: 'subject-state',
        description: 'The subject_token has expired',
      });
      const actor = { actor_token: expired, actor_token_type: TokenType.AccessToken };
      expect(await lab.refusal({ ...actor })).toMatchObject({
        code: 'invalid_request',
        rule: 'actor-state',
        description: 'The actor_token has expired',
      });
    },
  );

  it('is whole seconds', async () => {
    const claims = await lab.claims({ subject_token: await lab.token({ exp: lab.world.now + 42.9 }) });
    expect(claims.exp).toBe(lab.world.now + 42);
  });
});

describe('authentication', () => {
  it('copies auth_time, acr, amr and sid, and refreshes none', async () => {
    const authentication = { auth_time: 1_700_000_000, acr: 'urn:example:mfa', amr: ['pwd', 'otp'], sid: 'session-1' };
    expect(await lab.claims({ subject_token: await lab.token(authentication) })).toMatchObject(authentication);
    const claims = await lab.claims();
    for (const claim of Object.keys(authentication)) expect(claims).not.toHaveProperty(claim);
  });

  it('lets pass what is fresh and strong enough', async () => {
    const subjectToken = await lab.token({ auth_time: lab.world.now - 299, acr: 'urn:example:mfa' });
    await expect(
      lab.ask({ audience: 'vault', scope: 'vault.open', subject_token: subjectToken }),
    ).resolves.toBeDefined();
  });

  it('of the future is none, and would stay fresh until then', async () => {
    const { now } = lab.world;
    const milliseconds = { subject_token: await lab.token({ auth_time: now * 1000, acr: 'urn:example:mfa' }) };
    expect(await lab.refusal({ audience: 'vault', scope: 'vault.open', ...milliseconds })).toMatchObject({
      code: 'invalid_request',
      rule: 'subject-token',
    });
    expect(await lab.refusal({ subject_token: await lab.token({ auth_time: now + 61 }) })).toMatchObject({
      code: 'invalid_request',
    });
    const ahead = { auth_time: now + 30 };
    expect(await lab.claims({ subject_token: await lab.token(ahead) })).toMatchObject(ahead);
  });

  it('tells what is needed and no more (RFC 9470 §3)', async () => {
    const byAge = await (await openEdge({ maxAuthenticationAge: 60 })).refusal();
    expect(byAge).toMatchObject({ code: 'insufficient_user_authentication', parameters: { max_age: 60 } });
    expect(byAge.parameters).not.toHaveProperty('acr_values');
    const byClass = await (await openEdge({ acr: ['gold', 'platinum'] })).refusal();
    expect(byClass.parameters).toEqual({ acr_values: 'gold platinum' });
  });
});

describe('key binding (RFC 9449, RFC 8705)', () => {
  const proof = { jkt: 'own-key' };
  const certificate = { 'x5t#S256': 'own-certificate' };

  it('binds to the DPoP key whenever one is proven', async () => {
    const issued = await lab.ask({}, 'user-service', { proof });
    expect(issued.tokenType).toBe('DPoP');
    expect(decodeJwt(issued.token)).toMatchObject({ cnf: { jkt: 'own-key' } });
  });

  it('does not bind to a certificate that merely authenticated the client', async () => {
    const issued = await lab.ask({}, 'user-service', { proof: certificate });
    expect(issued.tokenType).toBe('Bearer');
    expect(decodeJwt(issued.token)).not.toHaveProperty('cnf');
  });

  it('binds a client to its certificate where it is registered for it', async () => {
    const clients = caseRegistrations.clients.map((client) => ({ ...client, certificateBound: true }));
    const open = await ExchangeLab.open({}, { clients });
    expect(await open.claims({}, 'user-service', { proof: certificate })).toMatchObject({ cnf: certificate });
    expect(await open.refusal()).toMatchObject({ code: 'invalid_request', rule: 'bound-client' });
  });

  it('keeps the binding to a certificate that the caller proves', async () => {
    const subjectToken = await lab.token({ cnf: certificate });
    const issued = await lab.ask({ subject_token: subjectToken }, 'user-service', { proof: certificate });
    expect(decodeJwt(issued.token)).toMatchObject({ cnf: certificate });
    expect(issued.tokenType).toBe('Bearer');
  });

  it('RFC 7800 §3.1: ignores members of cnf that are not understood, and keeps the binding', async () => {
    const subjectToken = await lab.token({ cnf: { ...certificate, 'kc-jkt-type': 'DPoP' } });
    const issued = await lab.ask({ subject_token: subjectToken }, 'user-service', { proof: certificate });
    expect(decodeJwt(issued.token)['cnf']).toEqual(certificate);
  });

  it('never drops a binding: an edge with rebind demands another proof', async () => {
    const open = await openEdge({ rebind: true });
    const subjectToken = await open.token({ cnf: { jkt: 'key-of-another' } });
    for (const none of [{}, { jkt: undefined, 'x5t#S256': undefined }]) {
      const refusal = await open.refusal({ subject_token: subjectToken }, 'user-service', { proof: none });
      expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'key-binding' });
    }
    for (const own of [proof, certificate]) {
      expect(await open.claims({ subject_token: subjectToken }, 'user-service', { proof: own })).toMatchObject({
        cnf: own,
      });
    }
  });

  it('RFC 9449 §5: a refresh token is bound to its key for good, whatever an edge allows', async () => {
    const held: TokenVerifier = {
      types: [TokenType.RefreshToken],
      verify: (_token, { at }) =>
        Promise.resolve({
          ...{
            issuer: lab.world.server.issuer,
            subject: 'baeldung',
            audiences: ['user-service'],
            scopes: ['user.read'],
          },
          ...{ expiresAt: at + 60, confirmation: { jkt: 'own-key' } },
        }),
    };
    const open = await openEdge({ rebind: true, subjectTypes: held.types }, { verifiers: [held] });
    const request = { subject_token: 'held', subject_token_type: TokenType.RefreshToken };
    for (const other of [{}, { jkt: 'key-of-another' }, certificate]) {
      const refusal = await open.refusal(request, 'user-service', { proof: other });
      expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'key-binding' });
    }
    expect(await open.claims(request, 'user-service', { proof })).toMatchObject({ cnf: proof });
  });

  it('demands the proof of every key that a token is bound to', async () => {
    const both = { ...proof, ...certificate };
    const subjectToken = await lab.token({ cnf: both });
    expect((await lab.refusal({ subject_token: subjectToken }, 'user-service', { proof })).rule).toBe('key-binding');
    await expect(lab.ask({ subject_token: subjectToken }, 'user-service', { proof: both })).resolves.toBeDefined();
  });

  it('demands the key of an actor token, which no edge rebinds', async () => {
    const open = await openEdge({ actor: 'actor_token', rebind: true });
    const request = {
      actor_token: await open.token({ sub: 'user-service', cnf: { jkt: 'key-of-another' } }),
      actor_token_type: TokenType.AccessToken,
    };
    expect((await open.refusal(request, 'user-service', { proof })).rule).toBe('key-binding');
    await expect(open.ask(request, 'user-service', { proof: { jkt: 'key-of-another' } })).resolves.toBeDefined();
  });
});

describe('requested types', () => {
  it('issues one access token under both names', async () => {
    for (const type of [TokenType.AccessToken, TokenType.Jwt]) {
      const issued = await lab.ask({ requested_token_type: type });
      expect(issued).toMatchObject({ issuedTokenType: type, tokenType: 'Bearer' });
      expect(decodeProtectedHeader(issued.token).typ).toBe('at+jwt');
    }
  });

  it('issues another type only where the edge allows it, as N_A', async () => {
    expect(await lab.refusal({ requested_token_type: RECEIPT })).toMatchObject({
      code: 'invalid_request',
      rule: 'requested-type',
    });
    const open = await openEdge({ issues: [RECEIPT] });
    const issued = await open.ask({ requested_token_type: RECEIPT });
    expect(issued).toMatchObject({ issuedTokenType: RECEIPT, tokenType: 'N_A', scopes: [] });
    expect((await open.refusal({ requested_token_type: TokenType.AccessToken })).rule).toBe('requested-type');
  });

  it('signs by the algorithm of the resource where all targets have the same', async () => {
    const signed: unknown[] = [];
    const resources = caseRegistrations.resources.map((resource) =>
      resource.audience === 'archive' ? resource : { ...resource, signingAlgorithm: 'RS256' as const },
    );
    const open = await ExchangeLab.open({ onSign: (header) => signed.push(header.alg) }, { resources });
    await open.ask({});
    await open.ask({ audience: ['inbox', 'archive'], scope: 'mail.read' });
    expect(signed).toEqual(['RS256', undefined]);
  });
});

describe('state is asked at every exchange', () => {
  it('refuses a token that is not on record, where the server keeps one', async () => {
    const known = new Set<string>();
    const state = {
      token: (_issuer: string, jwtId: string) => Promise.resolve({ revoked: false, known: known.has(jwtId) }),
      account: () => Promise.resolve({ enabled: true, protected: false }),
      use: () => Promise.resolve(true),
    };
    const scopes = { 'message.read': {} };
    const greeted = { ...toMessages, client: 'web-app', subjectAudience: 'web-app', scopes, subjectTypes: [GREETING] };
    const open = await ExchangeLab.open({ state }, { edges: [toMessages, greeted] });
    const subjectToken = await open.token({ jti: 'one' });
    expect(await open.refusal({ subject_token: subjectToken })).toMatchObject({
      code: 'invalid_request',
      rule: 'subject-state',
    });
    known.add('one');
    await expect(open.ask({ subject_token: subjectToken })).resolves.toBeDefined();
    const greeting = await open.token({ aud: 'web-app', jti: 'never recorded' });
    await expect(open.ask({ subject_token: greeting, subject_token_type: GREETING }, 'web-app')).resolves.toBeDefined();
  });

  it('asks anew each time: a revoked token, a disabled user, client or edge is refused at once', async () => {
    const account = { enabled: true, protected: false };
    const client = { clientId: 'user-service', enabled: true, confidential: true, represents: ['user-service'] };
    let registrations = { ...caseRegistrations, clients: [client], edges: [toMessages] };
    const revoked: string[] = [];
    const policy = {
      client: (id: string) => registrations.clients.find(({ clientId }) => clientId === id),
      resource: (name: string) => registrations.resources.find(({ audience }) => audience === name),
      edges: () => registrations.edges,
      administrativeEdges: () => [],
    };
    const open = await ExchangeLab.open({ policy, revoked, accounts: { baeldung: account } });
    const request = { subject_token: await open.token({ jti: 'live' }) };
    await expect(open.ask(request)).resolves.toBeDefined();

    revoked.push('live');
    expect((await open.refusal(request)).reason).toBe('the token is revoked');
    revoked.pop();
    account.enabled = false;
    expect((await open.refusal(request)).reason).toBe('its subject is disabled');
    account.enabled = true;
    client.enabled = false;
    expect(await open.refusal(request)).toMatchObject({ code: 'unauthorized_client', rule: 'client' });
    client.enabled = true;
    registrations = { ...registrations, edges: [] };
    expect(await open.refusal(request)).toMatchObject({ code: 'invalid_target', rule: 'target' });
    registrations = { ...registrations, clients: [] };
    expect(await open.refusal(request)).toMatchObject({ code: 'unauthorized_client', rule: 'client' });
  });

  it('refuses the token of a client that is disabled', async () => {
    const subjectToken = await lab.token({ sub: 'disabled-service', client_id: 'disabled-service' });
    expect((await lab.refusal({ subject_token: subjectToken })).reason).toBe('its subject is disabled');
  });
});

describe('rules', () => {
  it('cannot widen: what a rule grants beyond the limits is not granted', async () => {
    const generous: Rule = {
      name: 'generous',
      judge: () => narrow({ scopes: ['message.read', 'root'], expiresAt: Infinity }),
    };
    const open = await ExchangeLab.open({ additionalRules: [generous] });
    expect(await open.ask()).toMatchObject({ scopes: ['message.read'], expiresIn: 300 });
  });

  it.each([
    [new TypeError('oops'), 'TypeError'],
    ['oops', 'string'],
  ])('fail closed: one that throws %j refuses', async (thrown, reason) => {
    const broken: Rule = {
      name: 'broken',
      judge: () => {
        throw thrown as Error;
      },
    };
    const open = await ExchangeLab.open({ additionalRules: [broken] });
    expect(await open.refusal()).toMatchObject({ code: 'server_error', status: 500, reason });
  });

  it('of others come after those of this library, which judge all the same', async () => {
    const lenient: Rule = { name: 'lenient', judge: () => undefined };
    const open = await ExchangeLab.open({ additionalRules: [lenient] });
    expect(await open.refusal({ audience: 'ledger' })).not.toMatchObject({ rule: 'lenient' });
    const { steps } = await open.exchange.explain(await open.form(), clientOf(open.registrations, 'user-service'));
    expect(steps.map(({ rule }) => rule)).toEqual([...standardRules, lenient, ...finalRules].map(({ name }) => name));
  });

  it('have names of their own, so that a record tells which one refused', async () => {
    const client: Rule = { name: 'client', judge: () => undefined };
    await expect(ExchangeLab.open({ additionalRules: [client] })).rejects.toThrow(
      'additionalRules is "client"; accepted: a name that no other rule has',
    );
  });
});

describe('permits', () => {
  const types = [TokenType.AccessToken];

  it.each<[string, (permit: Permit) => Permit]>([
    ['copied and widened', (permit) => ({ ...permit, scopes: ['message.read', 'root'] })],
    [
      'written down',
      () => ({ subject: 'root', audiences: ['message-service'], scopes: ['root'] }) as unknown as Permit,
    ],
  ])('that are %s are none: nothing is issued by them', async (_name, forge) => {
    const jwt = { issuer: lab.world.server.issuer, signer: signerOf(lab.world.server), randomId: () => 'jti' };
    const issuers = [{ types, issue: (permit: Permit) => new AccessTokenIssuer(jwt).issue(forge(permit)) }];
    const careless = await ExchangeLab.open({ issuers });
    expect(await careless.refusal()).toMatchObject({ code: 'server_error', reason: 'TypeError' });
    const made = { token: '', jwtId: 'jti', tokenType: 'Bearer', scopes: ['root'] } as const;
    const open = await ExchangeLab.open({
      issuers: [{ types, issue: (permit) => Promise.resolve(permit).then((p) => toIssuedToken(forge(p), made)) }],
    });
    expect(await open.refusal()).toMatchObject({ code: 'server_error', reason: 'TypeError' });
  });

  it('cannot be changed', async () => {
    const widen = (permit: Permit): Promise<IssuedToken> => {
      Object.assign(permit, { scopes: ['root'] });
      return Promise.reject(new Error('unreachable'));
    };
    const open = await ExchangeLab.open({ issuers: [{ types, issue: async (permit) => widen(permit) }] });
    expect(await open.refusal()).toMatchObject({ code: 'server_error', reason: 'TypeError' });
  });
});
