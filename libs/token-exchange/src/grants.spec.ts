import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { GrantType, systemClock, TokenType } from '@onbehalf/oauth-protocol';
import { createTestIssuer, type TestIssuer } from '@onbehalf/testing';
import { decodeJwt, type JWTPayload } from 'jose';
import fc from 'fast-check';
import { clientOf, createExchange, signerOf } from './exchange.fixture.js';
import {
  AccessTokenIssuer,
  ExchangeRefusal,
  grantClaims,
  JwtVerifier,
  OwnAccessTokenVerifier,
  toIssuedToken,
  trustedFor,
  verifyGrant,
  type Edge,
  type ExchangeContext,
  type ForeignIssuer,
  type GrantExpectations,
  type GrantIdentity,
  type IssuedToken,
  type Permit,
  type PolicyRegistrations,
  type TokenExchange,
} from './index.js';

const EXCHANGE = { grant_type: GrantType.TokenExchange, subject_token_type: TokenType.AccessToken };
const BEHIND = 'urn:example:token-type:behind';

interface Domain {
  readonly server: TestIssuer;
  readonly exchange: TokenExchange;
  readonly registrations: PolicyRegistrations;
}

interface World {
  readonly edge?: Partial<Edge>;
  readonly identity?: GrantIdentity;
  readonly email?: string;
  readonly expected?: Partial<GrantExpectations>;
  readonly kind?: 'resource' | 'authorization_server';
  readonly scopes?: Edge['scopes'];
}

/** A domain with a service `api`, whose client `api` may go to every other domain and redeem what comes from there. */
function domain(server: TestIssuer, others: readonly TestIssuer[], world: World = {}): Domain {
  const {
    edge,
    identity = { subject: 'sub', claims: [] },
    email,
    expected,
    kind = 'authorization_server',
    scopes = FREE,
  } = world;
  const names = others.map(({ issuer }) => issuer);
  const registrations: PolicyRegistrations = {
    clients: [{ clientId: 'api', enabled: true, confidential: true, represents: ['api'], defaultTarget: 'api' }],
    resources: [
      { audience: 'api', resource: `${server.issuer}/api`, scopes: ['read', 'write'] },
      ...names.map((audience) => ({ audience, kind, scopes: ['read', 'write'] })),
    ],
    edges: [
      ...names.map((target) => ({
        ...toApi,
        subjectAudience: 'api',
        target,
        issues: [TokenType.Jwt, BEHIND],
        scopes,
        ...edge,
      })),
      { ...toApi, subjectAudience: 'api', target: 'api', subjectIssuers: names, scopes },
    ],
  };
  const foreign: readonly ForeignIssuer[] = others.map((other) => ({ ...other, usages: ['jwt-bearer'] as const }));
  const jwt = { issuer: server.issuer, signer: signerOf(server), randomId: randomUUID };
  const issue = async (permit: Permit): Promise<IssuedToken> => {
    const jwtId = randomUUID();
    const claims = grantClaims(permit, { issuer: server.issuer, jwtId }, identity, email);
    const token = await jwt.signer.sign(claims, { typ: 'JWT' });
    return toIssuedToken(permit, { token, jwtId, tokenType: 'N_A', scopes: permit.scopes });
  };
  const expectations: GrantExpectations = {
    own: server.issuer,
    issuers: trustedFor('jwt-bearer', foreign),
    types: ['jwt'],
    requiredClaims: [],
    longestLife: 600,
    reuse: 'once',
    ...expected,
  };
  const exchange = createExchange(server, registrations, {
    foreign,
    accounts: { alice: { enabled: true, protected: false } },
    verifiers: [
      new OwnAccessTokenVerifier(server),
      new JwtVerifier(server, foreign),
      {
        types: [TokenType.Jwt],
        grantTypes: [GrantType.JwtBearer],
        verify: async (token, context) => (await verifyGrant(token, context, expectations)).facts,
      },
    ],
    issuers: [
      new AccessTokenIssuer(jwt),
      { types: [TokenType.Jwt], issuesFor: 'authorization_server', issue },
      { types: [BEHIND], issuesFor: 'authorization_server', readsResources: true, issue },
    ],
  });
  return { server, exchange, registrations };
}

type Request = Readonly<Record<string, string>> & { readonly subject_token: string };

const FREE: Edge['scopes'] = { read: {}, write: {} };
const HELD: Edge['scopes'] = { read: { requires: ['read'] }, write: { requires: ['write'] } };

const toApi: Omit<Edge, 'subjectAudience' | 'target'> = {
  client: 'api',
  mode: 'delegation',
  allowCycle: true,
  maxDepth: 16,
  timeToLive: 100_000,
  scopes: {},
};

const ask = (
  { exchange, registrations }: Domain,
  fields: Readonly<Record<string, string>>,
  context?: ExchangeContext,
): Promise<IssuedToken> =>
  exchange.exchange(new URLSearchParams({ ...EXCHANGE, ...fields }), clientOf(registrations, 'api'), context);

const redeem = (domain: Domain, assertion: string, fields: object = {}, proof = {}): Promise<IssuedToken> =>
  ask(
    domain,
    { subject_token: assertion, subject_token_type: TokenType.Jwt, ...fields },
    { grantType: GrantType.JwtBearer, proof },
  );

const refusalOf = async (asked: Promise<unknown>): Promise<ExchangeRefusal> => {
  const outcome = await asked.catch((error: unknown) => error);
  if (outcome instanceof ExchangeRefusal) return outcome;
  throw new Error('the request was not refused');
};

async function twoDomains(world: World = {}): Promise<{ a: Domain; b: Domain; login: string }> {
  const [one, two] = await Promise.all(
    ['https://a.example', 'https://b.example'].map((issuer) => createTestIssuer({ issuer })),
  );
  const login = await one!.token({
    sub: 'alice',
    aud: 'api',
    scope: 'read write',
    client_id: 'web',
    jti: randomUUID(),
  });
  return { a: domain(one!, [two!], world), b: domain(two!, [one!], world), login };
}

describe('a grant for another domain', () => {
  it('is no access token, is for that server alone, lives 300 seconds at most, and tells each actor with its issuer', async () => {
    const { a, b, login } = await twoDomains();
    const issued = await ask(a, {
      subject_token: login,
      audience: b.server.issuer,
      requested_token_type: TokenType.Jwt,
      scope: 'read',
    });
    const claims = decodeJwt(issued.token);
    expect(issued.tokenType).toBe('N_A');
    expect(claims).toMatchObject({
      aud: b.server.issuer,
      sub: 'alice',
      scope: 'read',
      act: { sub: 'api', iss: a.server.issuer },
    });
    expect(claims.exp! - claims.iat!).toBeLessThanOrEqual(300);
  });

  it('is what a request without a type asks of another server, and of no resource', async () => {
    const { a, b, login } = await twoDomains();
    for (const name of ['audience', 'resource']) {
      const issued = await ask(a, { subject_token: login, [name]: b.server.issuer });
      expect(issued).toMatchObject({ issuedTokenType: TokenType.Jwt, tokenType: 'N_A' });
    }
    const issued = await ask(a, { subject_token: login, audience: 'api' });
    expect(issued.issuedTokenType).toBe(TokenType.AccessToken);
  });

  it('tells of the user what the edge says, and no session', async () => {
    const login = { auth_time: 1, acr: 'gold', amr: ['pwd'], sid: 's', may_act: { sub: 'api' } };
    const told = async (world: World): Promise<JWTPayload> => {
      const { a, b } = await twoDomains(world);
      const token = await a.server.token({ sub: 'alice', aud: 'api', scope: 'read', ...login });
      const fields = { subject_token: token, audience: b.server.issuer, requested_token_type: TokenType.Jwt };
      return decodeJwt((await ask(a, fields)).token);
    };
    const nothing = await told({});
    for (const name of [...Object.keys(login), 'email']) expect(nothing).not.toHaveProperty(name);
    const identity = { subject: 'email', claims: ['auth_time', 'acr'] } as const;
    expect(await told({ identity, email: 'alice@a.example' })).toMatchObject({
      sub: 'alice@a.example',
      email: 'alice@a.example',
      email_verified: true,
      auth_time: 1,
      acr: 'gold',
    });
    const unnamed = await refusalOf(told({ identity }));
    expect(unnamed).toMatchObject({ code: 'invalid_target', reason: 'it has no e-mail address' });
  });

  it.each<[string, World, Record<string, string>, string]>([
    ['an access token for a server', {}, { requested_token_type: TokenType.AccessToken }, 'invalid_target'],
    ['a grant for a resource', { kind: 'resource' }, { requested_token_type: BEHIND }, 'invalid_target'],
    [
      'a grant without an audience, where resource means what lies behind',
      {},
      { requested_token_type: BEHIND, audience: '' },
      'invalid_request',
    ],
    [
      'a grant for an impersonation',
      { edge: { mode: 'impersonation', reason: 'optional' } },
      {},
      'unauthorized_client',
    ],
  ])('is refused: %s', async (_case, world, fields, code) => {
    const { a, b, login } = await twoDomains(world);
    const request = { subject_token: login, audience: b.server.issuer, requested_token_type: TokenType.Jwt, ...fields };
    expect((await refusalOf(ask(a, request))).code).toBe(code);
  });

  it('is not open to an administrator who uses an account', async () => {
    const { a, b } = await twoDomains();
    const mark = { administrative_impersonation: { id: 'i', sub: 'admin' } };
    const fields = {
      subject_token: await a.server.token({ sub: 'alice', aud: 'api', scope: 'read', act: { sub: 'admin' }, ...mark }),
      audience: b.server.issuer,
      requested_token_type: TokenType.Jwt,
    };
    expect(await refusalOf(ask(a, fields))).toMatchObject({ code: 'invalid_target', rule: 'given-grant' });
  });

  it('has no second target', async () => {
    const { a, b, login } = await twoDomains();
    const form = new URLSearchParams({ ...EXCHANGE, subject_token: login, requested_token_type: TokenType.Jwt });
    form.append('audience', b.server.issuer);
    form.append('audience', 'api');
    const client = clientOf(a.registrations, 'api');
    expect((await refusalOf(a.exchange.exchange(form, client))).code).toBe('invalid_target');
  });

  it('takes resource for what lies behind the server, where its issuer says so', async () => {
    const { a, b, login } = await twoDomains();
    const fields = { subject_token: login, audience: b.server.issuer, resource: 'https://behind.example/' };
    await expect(ask(a, { ...fields, requested_token_type: BEHIND })).resolves.toBeDefined();
    expect((await refusalOf(ask(a, { ...fields, requested_token_type: TokenType.Jwt }))).code).toBe('invalid_target');
  });
});

describe('a grant of another domain', () => {
  const grant = (from: TestIssuer, to: string, claims: object = {}): Promise<string> =>
    from.token({
      header: { typ: 'JWT' },
      sub: 'alice',
      aud: to,
      jti: randomUUID(),
      client_id: undefined,
      scope: undefined,
      ...claims,
    });

  it('gives a token by an edge, limited by what it says', async () => {
    const { a, b } = await twoDomains();
    const issuer = b.server.issuer;
    const asked = await redeem(b, await grant(a.server, issuer, { scope: 'read' }), { audience: 'api' });
    expect(decodeJwt(asked.token)).toMatchObject({
      sub: `${a.server.issuer}#alice`,
      scope: 'read',
      act: { sub: 'api' },
    });
    const free = await redeem(b, await grant(a.server, issuer), { audience: 'api' });
    expect(decodeJwt(free.token)['scope']).toBe('read write');
  });

  it.each<[string, object, object, string]>([
    ['for two servers', { aud: ['https://b.example', 'https://c.example'] }, {}, 'invalid_grant'],
    ['for another server', { aud: 'https://c.example' }, {}, 'invalid_grant'],
    ['that lives too long', { exp: systemClock() + 86_400 }, {}, 'invalid_grant'],
    ['that has expired', { exp: systemClock() - 60 }, {}, 'invalid_grant'],
    ['without an identifier', { jti: undefined }, {}, 'invalid_grant'],
    ['without a subject', { sub: undefined }, {}, 'invalid_grant'],
    ['whose subject is empty', { sub: '' }, {}, 'invalid_grant'],
    ['of another type', { header: { typ: 'at+jwt' } }, {}, 'invalid_grant'],
    ['that came from here', { sub: 'https://b.example#alice' }, {}, 'invalid_grant'],
    ['that came from here over another', { sub: 'https://c.example#https://b.example#alice' }, {}, 'invalid_grant'],
    [
      'with the mark of an impersonation here',
      { act: { sub: 'x' }, administrative_impersonation: { id: 'i', sub: 'x', iss: 'https://b.example' } },
      {},
      'invalid_grant',
    ],
    ['that is an ID token', { nonce: 'n' }, {}, 'invalid_grant'],
    ['with authorization_details', { authorization_details: [] }, {}, 'invalid_grant'],
    ['with scopes in another claim', { scp: ['read'] }, {}, 'invalid_grant'],
    [
      'of a chain that came from here',
      { act: { sub: 'x', act: { sub: 'api', iss: 'https://b.example' } } },
      {},
      'invalid_grant',
    ],
    ['for other resources', { resource: 'https://b.example/other' }, {}, 'invalid_target'],
    ['for resources that are no URIs', { resource: ['api'] }, {}, 'invalid_grant'],
    ['for no resource', { resource: [] }, {}, 'invalid_grant'],
    ['for no scope that the edge knows', { scope: 'admin' }, {}, 'invalid_scope'],
    ['bound to a key that is not proven', { cnf: { jkt: 'k' } }, {}, 'invalid_grant'],
    ['bound to another key', { cnf: { jkt: 'k' } }, { jkt: 'other' }, 'invalid_grant'],
  ])('%s is refused', async (_case, claims, proof, code) => {
    const { a, b } = await twoDomains({ edge: { rebind: true } });
    const assertion = await grant(a.server, b.server.issuer, claims);
    expect((await refusalOf(redeem(b, assertion, { audience: 'api' }, proof))).code).toBe(code);
  });

  it('gives a bound token to the holder of its key, whatever an edge says of other keys', async () => {
    const { a, b } = await twoDomains();
    const assertion = await grant(a.server, b.server.issuer, { cnf: { jkt: 'k' }, resource: 'https://B.example/api' });
    const { edges } = b.registrations;
    Object.assign(edges.at(-1)!, { rebind: true });
    const fields = { resource: 'https://b.example/api' };
    expect((await refusalOf(redeem(b, assertion, fields, { jkt: 'other' }))).rule).toBe('taken-grant');
    expect(decodeJwt((await redeem(b, assertion, fields, { jkt: 'k' })).token)['cnf']).toEqual({ jkt: 'k' });
  });

  it('is not taken from an administrator who uses an account there', async () => {
    const { a, b } = await twoDomains();
    const mark = { administrative_impersonation: { id: 'i', sub: 'admin' } };
    const taken = await grant(a.server, b.server.issuer, { ...mark, act: { sub: 'admin' } });
    expect(await refusalOf(redeem(b, taken))).toMatchObject({ code: 'invalid_grant', rule: 'taken-grant' });
  });

  it('is redeemed once, unless it may be until it expires', async () => {
    const once = await twoDomains();
    const assertion = await grant(once.a.server, once.b.server.issuer);
    await redeem(once.b, assertion);
    expect(await refusalOf(redeem(once.b, assertion))).toMatchObject({ code: 'invalid_grant', rule: 'single-use' });
    const often = await twoDomains({ expected: { reuse: 'until-expiry' } });
    const again = await grant(often.a.server, often.b.server.issuer, { jti: undefined });
    await redeem(often.b, again);
    await expect(redeem(often.b, again)).resolves.toBeDefined();
  });

  it('is presented by its own grant alone', async () => {
    const { a, b } = await twoDomains();
    const fields = { subject_token: await grant(a.server, b.server.issuer), subject_token_type: TokenType.Jwt };
    expect((await refusalOf(ask(b, fields))).code).toBe('invalid_request');
    const other = { ...fields, subject_token_type: TokenType.AccessToken };
    const refusal = await refusalOf(ask(b, other, { grantType: GrantType.JwtBearer }));
    expect(refusal).toMatchObject({ code: 'invalid_grant', rule: 'token-type' });
  });

  it('is told apart from a request that is wrong', async () => {
    const { a, b } = await twoDomains();
    const assertion = await grant(a.server, b.server.issuer);
    expect((await refusalOf(redeem(b, assertion, { requested_token_type: 'x'.repeat(3000) }))).code).toBe(
      'invalid_request',
    );
  });
});

describe('any walk through four domains', () => {
  it('grows neither lifetime nor scope, loses no actor, and never comes back to where it was', async () => {
    const servers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => createTestIssuer({ issuer: `https://${name}.example` })),
    );
    const domains = servers.map((server) =>
      domain(
        server,
        servers.filter((other) => other !== server),
        { scopes: HELD },
      ),
    );
    const steps = fc.array(
      fc.record({
        to: fc.nat(3),
        local: fc.boolean(),
        type: fc.constantFrom(undefined, TokenType.Jwt, BEHIND),
        scope: fc.constantFrom(undefined, 'read', 'read write', 'write'),
      }),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (walk) => {
        let at = 0;
        const been = new Set([0]);
        let token = await servers[0]!.token({ sub: 'alice', aud: 'api', scope: 'read write', jti: randomUUID() });
        for (const { to, local, type, scope } of walk) {
          const before = decodeJwt(token);
          const asked = { subject_token: token, ...(scope && { scope }) };
          const moved =
            local || to === at
              ? ask(domains[at]!, { ...asked, audience: 'api' })
              : travel(at, to, { ...asked, ...(type && { requested_token_type: type }) });
          const outcome = await moved.catch((error: unknown) => error);
          if (outcome instanceof ExchangeRefusal) {
            // nothing is left to be granted, or the way leads back
            expect(been.has(to) || outcome.code === 'invalid_scope').toBe(true);
            return;
          }
          const after = decodeJwt((outcome as IssuedToken).token);
          expect(local || to === at || !been.has(to)).toBe(true);
          if (!local) at = to;
          been.add(at);
          expect(after.exp).toBeLessThanOrEqual(before.exp!);
          expect(scopesOf(before)).toEqual(expect.arrayContaining(scopesOf(after)));
          expect(actorsOf(after).slice(-actorsOf(before).length || Infinity)).toEqual(actorsOf(before));
          expect(actorsOf(after).length).toBeGreaterThan(actorsOf(before).length);
          token = (outcome as IssuedToken).token;
        }
      }),
      { numRuns: 150 },
    );

    async function travel(from: number, to: number, asked: Request): Promise<IssuedToken> {
      const { token } = await ask(domains[from]!, { ...asked, audience: servers[to]!.issuer });
      const [before, grant] = [decodeJwt(asked.subject_token), decodeJwt(token)];
      expect(grant.exp).toBeLessThanOrEqual(Math.min(before.exp!, grant.iat! + 300));
      expect(scopesOf(before)).toEqual(expect.arrayContaining(scopesOf(grant)));
      expect(actorsOf(grant).slice(1)).toEqual(actorsOf(before));
      return redeem(domains[to]!, token, { audience: 'api' });
    }
  });

  const scopesOf = ({ scope }: JWTPayload): string[] => String(scope).split(' ');

  function actorsOf({ act }: JWTPayload): string[] {
    const actors: string[] = [];
    for (
      let current = act as { sub: string; act?: unknown } | undefined;
      current;
      current = current.act as typeof current
    )
      actors.push(current.sub);
    return actors;
  }
});
