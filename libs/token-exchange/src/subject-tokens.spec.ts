import { beforeAll, describe, expect, it } from '@jest/globals';
import { ACCESS_TOKEN_PROFILES, KeysUnavailable, type IssuerKeys } from '@onbehalf/jwt-verification';
import { TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { caseRegistrations, requirement } from '@onbehalf/testing-internal';
import { decodeProtectedHeader } from 'jose';
import { ExchangeLab, GREETING } from './exchange.fixture.js';
import { JwtVerifier, type ForeignIssuer } from './index.js';

let lab: ExchangeLab;
beforeAll(async () => {
  lab = await ExchangeLab.open();
});

describe('RFC 8693 §2.1: validation of the presented tokens', () => {
  describe(
    requirement(
      'RFC8693-2.1-validation',
      'the authorization server MUST perform the appropriate validation procedures for the indicated token type',
    ),
    () => {
      it.each([
        ['access_token', TokenType.AccessToken, 'user-service', {}],
        ['jwt', TokenType.Jwt, 'user-service', {}],
      ])('takes a right %s', async (_name, type, client, claims) => {
        const request = { subject_token: await lab.token(claims), subject_token_type: type };
        expect(await lab.claims(request, client)).toMatchObject({ sub: 'baeldung', aud: 'message-service' });
      });

      it('has a token that speaks to its client exchanged by that client alone, for an edge of its own', async () => {
        const edge = { client: 'web-app', subjectAudience: 'web-app', target: 'message-service' };
        const edges = [
          { ...edge, mode: 'delegation' as const, scopes: { 'message.read': {} }, subjectTypes: [GREETING] },
        ];
        const open = await ExchangeLab.open({}, { edges });
        const greeting = async (aud: string) => ({
          subject_token: await open.token({ aud }),
          subject_token_type: GREETING,
        });
        expect(await open.claims(await greeting('web-app'), 'web-app')).toMatchObject({ sub: 'baeldung' });
        expect(await open.refusal(await greeting('user-service'), 'web-app')).toMatchObject({
          code: 'invalid_request',
        });
      });
    },
  );

  describe(
    requirement(
      'RFC8693-2.1-actor-validation',
      'if the actor token is present, the server MUST also validate it by its indicated type',
    ),
    () => {
      const toLedger = { audience: 'ledger', scope: 'ledger.read' };

      it.each([TokenType.AccessToken, TokenType.Jwt])('takes a right %s', async (type) => {
        const actor = await lab.token({ sub: 'user-service', client_id: 'user-service' });
        const claims = await lab.claims({ ...toLedger, actor_token: actor, actor_token_type: type });
        expect(claims['act']).toEqual({ sub: 'user-service', iss: 'http://localhost:9001' });
      });

      it.each(['logout+jwt', 'JWT'])('refuses an %s declared as an access token', async (typ) => {
        const actor = await lab.token({ header: { typ }, sub: 'user-service' });
        const refusal = await lab.refusal({ ...toLedger, actor_token: actor, actor_token_type: TokenType.AccessToken });
        expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'actor-token' });
      });
    },
  );

  it.each([
    ['sub', { sub: 7 }],
    ['jti', { jti: '' }],
    ['client_id', { client_id: 7 }],
    ['scope', { scope: ['user.read'] }],
    ['scope', { scope: 'user.read "' }],
    ['aud', { aud: [7] }],
    ['aud', { aud: '' }],
    ['act', { act: { iss: 'x' } }],
    ['act', { act: [] }],
    ['cnf', { cnf: 'key' }],
    ['cnf', { cnf: null }],
    ['cnf', { cnf: {} }],
    ['cnf', { cnf: { jkt: 7 } }],
    ['cnf', { cnf: { jkt: '' } }],
    ['cnf', { cnf: { kid: 'not understood' } }],
    ['auth_time', { auth_time: 'now' }],
    ['acr', { acr: 1 }],
    ['amr', { amr: 'pwd' }],
    ['amr', { amr: [1] }],
    ['sid', { sid: {} }],
    ['sub_profile', { sub_profile: [] }],
    ['ai_agent_involved', { ai_agent_involved: 'yes' }],
  ])('refuses a token with a malformed %s: %j', async (claim, claims) => {
    const refusal = await lab.refusal({ subject_token: await lab.token(claims) });
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
    expect(refusal.description).toContain(claim);
  });
});

describe('a verifier of another token type', () => {
  it('may leave out what its tokens do not say, and nothing is granted by it', async () => {
    const types = ['urn:example:ticket'];
    const { issuer } = lab.world.server;
    const facts = { issuer, subject: 'baeldung', audiences: ['user-service'], expiresAt: lab.world.now + 60 };
    for (const said of [facts, { ...facts, scopes: undefined, actors: undefined, confirmation: undefined }]) {
      const verifiers = [{ types, verify: () => Promise.resolve(said) }];
      const edges = caseRegistrations.edges.map((edge) => ({ ...edge, subjectTypes: types }));
      const open = await ExchangeLab.open({ verifiers }, { edges });
      const refusal = await open.refusal({ subject_token: 'a ticket', subject_token_type: types[0] });
      expect(refusal).toMatchObject({ code: 'invalid_scope', rule: 'required-scope' });
    }
  });
});

describe('RFC 9068: the access tokens that are taken', () => {
  describe(requirement('RFC9068-4-typ', 'the typ header value MUST be at+jwt or application/at+jwt'), () => {
    it.each(['at+jwt', 'application/at+jwt', 'AT+JWT'])('takes %s', async (typ) => {
      await expect(lab.ask({ subject_token: await lab.token({ header: { typ } }) })).resolves.toBeDefined();
    });

    it.each(['JWT', 'jwt', undefined, 'at-jwt'])('refuses %s', async (typ) => {
      for (const type of [TokenType.AccessToken, TokenType.Jwt]) {
        const subjectToken = await lab.token({ header: { typ } });
        const refusal = await lab.refusal({ subject_token: subjectToken, subject_token_type: type });
        expect(refusal.code).toBe('invalid_request');
      }
    });
  });

  it(requirement('RFC9068-4-issuer', 'the issuer identifier MUST exactly match the value of iss'), async () => {
    for (const iss of ['http://localhost:9001/', 'http://LOCALHOST:9001', 'https://localhost:9001']) {
      expect((await lab.refusal({ subject_token: await lab.token({ iss }) })).code).toBe('invalid_request');
    }
  });

  it(
    requirement('RFC9068-4-audience', 'aud MUST contain an identifier that the recipient expects for itself'),
    async () => {
      expect(await lab.refusal({ subject_token: await lab.token({ aud: 'message-service' }) })).toMatchObject({
        code: 'invalid_request',
        rule: 'subject-audience',
      });
      await expect(lab.ask({ subject_token: await lab.token({ aud: ['x', 'user-service'] }) })).resolves.toBeDefined();
    },
  );

  it('opens no edge by an audience that the client does not represent, beside one that it does', async () => {
    const edge = { client: 'user-service', target: 'message-service', mode: 'delegation' as const };
    const edges = [{ ...edge, subjectAudience: 'elsewhere', scopes: { 'message.read': {} } }];
    const open = await ExchangeLab.open({}, { edges });
    const refusal = await open.refusal({ subject_token: await open.token({ aud: ['user-service', 'elsewhere'] }) });
    expect(refusal).toMatchObject({ code: 'invalid_target', rule: 'target' });
  });

  it(
    requirement('RFC9068-4-signature', 'the signature MUST be validated, with the keys of the authorization server'),
    async () => {
      const { world } = lab;
      const forged = await world.stranger.token({ iss: world.server.issuer, aud: 'user-service', scope: 'user.read' });
      expect((await lab.refusal({ subject_token: forged })).code).toBe('invalid_request');
    },
  );

  it(requirement('RFC9068-4-none', 'a JWT in which the value of alg is none MUST be rejected'), async () => {
    const [, payload] = (await lab.token()).split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    for (const signature of ['', 'AA']) {
      expect((await lab.refusal({ subject_token: `${header}.${payload}.${signature}` })).code).toBe('invalid_request');
    }
  });

  it(requirement('RFC9068-2.1-rs256', 'RS256 MUST be among the supported signature algorithms'), async () => {
    const server = await createTestIssuer({ issuer: 'http://localhost:9001', algorithm: 'RS256' });
    const { token } = await (await ExchangeLab.open({}, {}, { server })).ask();
    expect(decodeProtectedHeader(token).alg).toBe('RS256');
  });

  it(requirement('RFC9068-4-expiry', 'the current time MUST be before the time of exp'), async () => {
    const expired = await lab.token({ exp: lab.world.now - 1 });
    expect((await lab.refusal({ subject_token: expired })).code).toBe('invalid_request');
  });

  it.each(['exp', 'sub', 'aud', 'client_id', 'iat', 'jti'])('requires the claim %s (RFC 9068 §2.2)', async (claim) => {
    for (const type of [TokenType.AccessToken, TokenType.Jwt]) {
      const subjectToken = await lab.token({ [claim]: undefined });
      const refusal = await lab.refusal({ subject_token: subjectToken, subject_token_type: type });
      expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
    }
  });
});

describe('foreign issuers', () => {
  let partner: TestIssuer;
  const subjectAudience = 'user-service';
  const edge = { client: 'user-service', subjectAudience, target: 'message-service', mode: 'delegation' as const };
  const scopes = { 'message.read': {} };

  beforeAll(async () => {
    partner = await createTestIssuer({ issuer: 'https://partner.example', algorithm: 'RS256' });
  });

  const openTo = (
    foreign: Partial<ForeignIssuer> = {},
    subjectIssuers = ['https://partner.example'],
  ): Promise<ExchangeLab> =>
    ExchangeLab.open(
      { foreign: [{ ...partner, ...foreign }] },
      {
        edges: [
          {
            ...edge,
            scopes,
            subjectIssuers,
            actor: 'either',
            actors: [{ sub: 'robot', iss: 'https://partner.example' }],
          },
        ],
      },
    );

  const jwt = async (claims: object = {}): Promise<{ subject_token: string; subject_token_type: string }> => ({
    subject_token: await partner.token({ sub: 'alice', aud: 'user-service', ...claims }),
    subject_token_type: TokenType.Jwt,
  });

  it('are each configured once, and are not this server', () => {
    const { server } = lab.world;
    expect(() => new JwtVerifier(server, [partner, partner])).toThrow('each other issuer once');
    expect(() => new JwtVerifier(server, [partner, server])).toThrow('each other issuer once');
  });

  it('knows a foreign subject as iss#sub', async () => {
    expect(await (await openTo()).claims(await jwt())).toMatchObject({ sub: 'https://partner.example#alice' });
  });

  it('knows it again when its token is exchanged a second time', async () => {
    const open = await openTo();
    const sub = 'https://partner.example#alice';
    expect(await open.claims({ subject_token: await open.token({ sub }) })).toMatchObject({ sub });
  });

  it('reads its tokens by its profile, and no other of its JWTs', async () => {
    const open = await openTo({ profile: ACCESS_TOKEN_PROFILES.spring });
    const token = { header: { typ: undefined }, client_id: undefined, nbf: 1, scope: ['message.read', 'profile'] };
    expect(await open.claims(await jwt(token))).toMatchObject({ sub: 'https://partner.example#alice' });
    for (const other of [{ azp: 'app' }, { nbf: undefined }, { header: { typ: 'logout+jwt' } }]) {
      expect(await open.refusal(await jwt({ ...token, ...other }))).toMatchObject({ rule: 'subject-token' });
    }
  });

  it('maps a claim to a local account where it is configured', async () => {
    const open = await openTo({ subject: { claim: 'preferred_username', to: 'account' } });
    expect(await open.claims(await jwt({ preferred_username: 'baeldung' }))).toMatchObject({ sub: 'baeldung' });
  });

  it.each([
    ['no account', { preferred_username: 'stranger' }, 'subject-state'],
    ['the identifier of a client', { preferred_username: 'message-service' }, 'subject-state'],
    ['a disabled account', { preferred_username: 'former' }, 'subject-state'],
    ['nothing', {}, 'subject-token'],
    ['the name of a subject of its own', { preferred_username: 'https://partner.example#ceo' }, 'subject-state'],
  ])('refuses a mapping to %s', async (_name, claims, rule) => {
    const open = await openTo({ subject: { claim: 'preferred_username', to: 'account' } });
    expect(await open.refusal(await jwt(claims))).toMatchObject({ code: 'invalid_request', rule });
  });

  it.each<[string, object, boolean]>([
    ['issued since', { iat: 'since' }, true],
    ['issued and signed in since', { iat: 'since', auth_time: 'since' }, true],
    ['issued before', { iat: 'before' }, false],
    ['issued since for a sign-in before', { iat: 'since', auth_time: 'before' }, false],
    ['of no time', {}, false],
  ])('takes a token %s for an account that began another life, or not', async (_name, times, accepted) => {
    const now = Math.floor(Date.now() / 1000);
    const accounts = { baeldung: { enabled: true, protected: false, since: now - 60 } };
    const mapped = { ...partner, subject: { claim: 'preferred_username', to: 'account' as const } };
    const open = await ExchangeLab.open(
      { foreign: [mapped], accounts },
      { edges: [{ ...edge, scopes, subjectIssuers: [partner.issuer] }] },
    );
    const claims = Object.fromEntries(
      Object.entries(times).map(([name, when]) => [name, when === 'since' ? now - 10 : now - 90]),
    );
    const asked = open.ask(await jwt({ preferred_username: 'baeldung', iat: undefined, ...claims }));
    if (accepted) await expect(asked).resolves.toBeDefined();
    else await expect(asked).rejects.toMatchObject({ code: 'invalid_request', rule: 'subject-state' });
  });

  it('refuses a mapping to a subject of another trusted issuer', async () => {
    const other = await createTestIssuer({ issuer: 'https://other.example' });
    const open = await ExchangeLab.open(
      { foreign: [{ ...partner, subject: { claim: 'preferred_username', to: 'account' } }, other] },
      { edges: [{ ...edge, scopes, subjectIssuers: [partner.issuer, other.issuer] }] },
    );
    const refusal = await open.refusal(await jwt({ preferred_username: 'https://other.example#ceo' }));
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-state' });
  });

  it('never takes a foreign subject for an account, whatever its name', async () => {
    const open = await ExchangeLab.open(
      {
        foreign: [partner],
        accounts: { 'https://partner.example#alice': { enabled: true, protected: false, entitledScopes: [] } },
      },
      { edges: [{ ...edge, scopes, subjectIssuers: [partner.issuer] }] },
    );
    expect(await open.claims(await jwt())).toMatchObject({ scope: 'message.read' });
  });

  it.each([
    ['current', (iss: string) => ({ sub: 'user-service', iss })],
    ['earlier', (iss: string) => ({ sub: 'gateway', act: { sub: 'user-service', iss } })],
  ])('refuses a foreign token whose %s actor claims to be known to this server', async (_name, act) => {
    const open = await openTo();
    const refusal = await open.refusal(await jwt({ act: act(lab.world.server.issuer) }));
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
  });

  it('refuses a foreign actor token that was issued to a client of the same name elsewhere', async () => {
    const actor = await partner.token({ sub: 'robot', aud: 'elsewhere', client_id: 'user-service' });
    const request = { actor_token: actor, actor_token_type: TokenType.Jwt };
    expect(await (await openTo()).refusal(request)).toMatchObject({ code: 'invalid_request', rule: 'actor' });
  });

  it.each(['https://partner.example#', 'https://partner.example#a', 'https://partner.example?a'])(
    `${requirement('RFC8414-2-issuer', 'the issuer identifier has no query or fragment components')}: %s`,
    (issuer) => {
      expect(() => new JwtVerifier(lab.world.server, [{ ...partner, issuer }])).toThrow(/without fragment/);
    },
  );

  it('names the issuer of foreign actors', async () => {
    const claims = await (
      await openTo()
    ).claims(await jwt({ act: { sub: 'gateway', act: { sub: 'x', iss: 'https://y' } } }));
    expect(claims['act']).toEqual({
      sub: 'user-service',
      iss: 'http://localhost:9001',
      act: { sub: 'gateway', iss: 'https://partner.example', act: { sub: 'x', iss: 'https://y' } },
    });
  });

  it('takes a foreign actor that the edge names with its issuer', async () => {
    const open = await openTo();
    const actor = await partner.token({ sub: 'robot', aud: 'user-service', client_id: 'c', sub_profile: 'ai_agent' });
    const request = { actor_token: actor, actor_token_type: TokenType.Jwt };
    expect((await open.claims(request))['act']).toEqual({
      sub: 'robot',
      iss: 'https://partner.example',
      client_id: 'c',
      sub_profile: 'ai_agent',
    });
  });

  it('refuses a foreign actor that bears the name of the client', async () => {
    const actor = await partner.token({ sub: 'user-service', aud: 'user-service' });
    const request = { actor_token: actor, actor_token_type: TokenType.Jwt };
    expect(await (await openTo()).refusal(request)).toMatchObject({ code: 'invalid_request', rule: 'actor' });
  });

  it('refuses a foreign actor that is mapped to an account with the name of the client', async () => {
    const account = { enabled: true, protected: false };
    const open = await ExchangeLab.open(
      {
        foreign: [{ ...partner, subject: { claim: 'preferred_username', to: 'account' } }],
        accounts: { baeldung: account, 'user-service': account },
      },
      { edges: [{ ...edge, scopes, actor: 'either' }] },
    );
    const actor = await partner.token({ preferred_username: 'user-service', aud: 'user-service' });
    const refusal = await open.refusal({ actor_token: actor, actor_token_type: TokenType.Jwt });
    expect(refusal).toMatchObject({ code: 'invalid_request', rule: 'actor' });
  });

  it('refuses a foreign token where the edge does not name its issuer', async () => {
    expect(await (await openTo({}, [])).refusal(await jwt())).toMatchObject({
      code: 'invalid_request',
      rule: 'subject-issuer',
    });
  });

  it('refuses a foreign token declared as an access token of this server', async () => {
    const request = { ...(await jwt()), subject_token_type: TokenType.AccessToken };
    expect(await (await openTo()).refusal(request)).toMatchObject({ code: 'invalid_request', rule: 'subject-token' });
  });

  it.each([[5], [true], [[]], [['at+jwt']], [{}], [null]])('refuses a signed token whose typ is %j', async (typ) => {
    const header = { typ } as object as { typ: string };
    expect((await (await openTo()).refusal(await jwt({ header }))).code).toBe('invalid_request');
    const { code } = await lab.refusal({ subject_token: await lab.token({ header }) });
    expect(code).toBe('invalid_request');
  });

  it('takes no other typ than the configured ones', async () => {
    expect((await (await openTo()).refusal(await jwt({ header: { typ: 'JWT' } }))).code).toBe('invalid_request');
    const open = await openTo({ types: ['jwt'] });
    await expect(open.ask(await jwt({ header: { typ: undefined } }))).resolves.toBeDefined();
  });

  it('takes no other algorithm than the pinned ones', async () => {
    const open = await openTo({ algorithms: ['ES256'] });
    expect((await open.refusal(await jwt())).code).toBe('invalid_request');
  });

  it('never asks an unknown issuer for its keys', async () => {
    const asked: unknown[] = [];
    const keys: IssuerKeys = { find: (header) => (asked.push(header), partner.keys.find(header)) };
    const open = await openTo({ keys });
    await open.refusal(await jwt({ iss: 'https://unknown.example' }));
    expect(asked).toHaveLength(0);
    await open.ask(await jwt());
    expect(asked).toHaveLength(1);
  });

  it('answers temporarily_unavailable, not a bad token, while keys cannot be had', async () => {
    const keys: IssuerKeys = { find: () => Promise.reject(new KeysUnavailable('https://partner.example', 30)) };
    const refusal = await (await openTo({ keys })).refusal(await jwt());
    expect(refusal).toMatchObject({ code: 'temporarily_unavailable', status: 503 });
    expect(refusal.cause).toMatchObject({ retryAfter: 30 });
  });

  it('answers server_error, not a bad token, when a verifier breaks', async () => {
    const keys: IssuerKeys = { find: () => Promise.reject(new RangeError('a bug')) };
    expect(await (await openTo({ keys })).refusal(await jwt())).toMatchObject({
      code: 'server_error',
      reason: 'RangeError',
    });
  });

  it('takes a foreign token without jti, which nobody can revoke', async () => {
    await expect((await openTo()).ask(await jwt({ jti: undefined }))).resolves.toMatchObject({ parents: [] });
  });
});
