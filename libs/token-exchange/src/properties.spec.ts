import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseActClaim, TokenType } from '@onbehalf/oauth-protocol';
import { caseRegistrations } from '@onbehalf/testing-internal';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { decide } from './decision/decide.js';
import { clientOf, ExchangeLab } from './exchange.fixture.js';
import {
  deny,
  ExchangeRefusal,
  narrow,
  type Edge,
  type IssuedToken,
  type Rule,
  type Verdict,
  type VerifiedExchange,
} from './index.js';
import { standardRules } from './rules/standard-rules.js';
import { verifiedToken } from './tokens/verified-token.js';

const NOW = 1_700_000_000;
const scopeName = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'root', '__proto__', 'constructor');
const scopeSet = fc.uniqueArray(scopeName);
const moment = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: NOW - 100, max: NOW + 1000 }) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, NaN, 0) },
);

const verdict: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constant(undefined),
  fc.record({ scopes: scopeSet, expiresAt: moment }, { requiredKeys: [] }).map((limits) => narrow(limits)),
  fc.constant(deny('invalid_request', 'no')),
);

const rule: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 3, arbitrary: verdict.map((said): Rule => ({ name: 'any', judge: () => said })) },
  { weight: 1, arbitrary: fc.constantFrom(...standardRules) },
);

const edge: fc.Arbitrary<Edge> = fc.record(
  {
    client: fc.constant('client'),
    subjectAudience: fc.constant('client'),
    target: fc.constant('target'),
    mode: fc.constantFrom('delegation', 'impersonation'),
    scopes: fc.dictionary(scopeName, fc.record({ requires: scopeSet }, { requiredKeys: [] })),
    timeToLive: fc.integer({ min: -10, max: 500 }),
    sharesToken: fc.boolean(),
    reason: fc.constant('optional'),
  },
  { requiredKeys: ['client', 'subjectAudience', 'target', 'mode', 'scopes'] },
);

const target = fc.record(
  { resource: fc.record({ audience: fc.constantFrom('x', 'y'), scopes: scopeSet }), edge },
  { requiredKeys: ['resource'] },
);

const scopesOf = (edge: Edge | undefined): Edge['scopes'] => edge?.scopes ?? {};

const exchange: fc.Arbitrary<VerifiedExchange> = fc
  .record({
    targets: fc.oneof({ weight: 4, arbitrary: fc.tuple(target) }, fc.array(target, { maxLength: 3 })),
    held: scopeSet,
    requested: fc.option(scopeSet, { nil: undefined }),
    entitled: fc.option(scopeSet, { nil: undefined }),
    expiresAt: moment,
    delegated: fc.boolean(),
  })
  .map(({ targets, held, requested, entitled, expiresAt, delegated }) => {
    const facts = {
      issuer: 'https://server.example',
      at: NOW,
      client: { clientId: 'client', enabled: true, confidential: true, represents: ['client'] },
      request: {
        subject: { parameter: 'subject_token' as const, token: '', type: TokenType.AccessToken },
        requestedType: TokenType.AccessToken,
        audiences: [],
        resources: [],
        parameters: {},
        ...(requested && { scopes: requested }),
      },
      targets,
      subject: verifiedToken({
        issuer: 'https://server.example',
        subject: 'user',
        audiences: ['client'],
        expiresAt,
        scopes: held,
      }),
      subjectState: {
        revoked: false,
        unknown: false,
        party: 'enabled' as const,
        account: { enabled: true, protected: false, ...(entitled && { entitledScopes: entitled }) },
      },
      proof: {},
    };
    return delegated
      ? { ...facts, kind: 'delegation', actor: { sub: 'client', iss: 'http://localhost:9001' }, visited: ['client'] }
      : { ...facts, kind: 'impersonation' };
  });

const registeredScopes = ({ targets }: VerifiedExchange): string[][] =>
  targets.map(({ resource, edge }) => resource.scopes.filter((scope) => Object.hasOwn(scopesOf(edge), scope)));

describe('decide', () => {
  it('grants no more than is registered, for any list of rules (10,000 cases)', () => {
    let permitted = 0;
    fc.assert(
      fc.property(exchange, fc.array(rule, { maxLength: 6 }), (facts, rules) => {
        const decision = decide(rules, facts);
        if (decision.outcome === 'refused') return;
        permitted += 1;
        const { scopes, expiresAt } = decision.permit;
        expect(scopes.length).toBeGreaterThan(0);
        for (const registered of registeredScopes(facts))
          expect(registered).toEqual(expect.arrayContaining([...scopes]));
        expect(expiresAt).toBeLessThanOrEqual(facts.subject.expiresAt);
        expect(expiresAt).toBeGreaterThan(NOW);
      }),
      { numRuns: 10_000 },
    );
    expect(permitted).toBeGreaterThan(500);
  });

  it('grants, by the standard rules, only requested ∩ edge ∩ entitled, each with what it requires (10,000 cases)', () => {
    let permitted = 0;
    fc.assert(
      fc.property(exchange, (facts) => {
        const decision = decide(standardRules, facts);
        if (decision.outcome === 'refused') return;
        permitted += 1;
        for (const scope of decision.permit.scopes) {
          expect(facts.request.scopes ?? [scope]).toContain(scope);
          expect(facts.subjectState.account?.entitledScopes ?? [scope]).toContain(scope);
          for (const { edge } of facts.targets) {
            expect(facts.subject.scopes).toEqual(expect.arrayContaining([...(scopesOf(edge)[scope]?.requires ?? [])]));
          }
        }
      }),
      { numRuns: 10_000 },
    );
    expect(permitted).toBeGreaterThan(50);
  });

  it('only narrows from step to step (10,000 cases)', () => {
    fc.assert(
      fc.property(exchange, fc.array(rule, { maxLength: 6 }), (facts, rules) => {
        for (const { before, after } of decide(rules, facts).steps) {
          expect(before.scopes).toEqual(expect.arrayContaining([...after.scopes]));
          expect(after.expiresAt > before.expiresAt).toBe(false);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('a chain of five exchanges', () => {
  const services = ['s0', 's1', 's2', 's3', 's4', 's5'];
  let lab: ExchangeLab;
  let now: number;

  beforeAll(async () => {
    const edges = services.flatMap((client) => services.map((audience) => ({ client, audience })));
    lab = await ExchangeLab.open(
      { clock: () => now },
      {
        clients: services.map((clientId) => ({ clientId, enabled: true, confidential: true, represents: [clientId] })),
        resources: services.map((audience) => ({ audience, scopes: ['read'] })),
        edges: edges.map(({ client, audience }) => ({
          client,
          subjectAudience: client,
          target: audience,
          mode: 'delegation',
          scopes: { read: { requires: ['read'] } },
          allowCycle: true,
          maxDepth: 5,
          timeToLive: 120,
        })),
      },
    );
  });

  const hop = fc.record({ client: fc.constantFrom(...services), pause: fc.integer({ min: 0, max: 40 }) });

  it('never outlives its first token, and act is exactly its history (1,000 chains)', async () => {
    let exchanges = 0;
    const chain = fc.asyncProperty(fc.array(hop, { minLength: 6, maxLength: 6 }), fc.nat(600), async (hops, life) => {
      now = lab.world.now;
      const exp = now + life;
      let token = await lab.token({ aud: hops[0]?.client, scope: 'read', exp });
      const history: string[] = [];
      for (const [index, { client, pause }] of hops.slice(0, -1).entries()) {
        now += pause;
        const request = { subject_token: token, audience: hops[index + 1]?.client, scope: 'read' };
        const issued = await lab.ask(request, client).catch((error: unknown) => error);
        if (issued instanceof ExchangeRefusal) {
          const left = (decodeJwt(token).exp ?? 0) - now;
          expect([left < 1, issued.code]).toEqual([true, 'invalid_request']);
          return;
        }
        token = (issued as IssuedToken).token;
        history.unshift(client);
        exchanges += 1;
        const claims = decodeJwt(token);
        expect(claims.exp).toBeLessThanOrEqual(exp);
        expect(parseActClaim(claims['act']).map(({ sub }) => sub)).toEqual(history);
      }
    });
    await fc.assert(chain, { numRuns: 1_000 });
    expect(exchanges).toBeGreaterThan(2_000);
  }, 60_000);
});

describe('any request at all', () => {
  it('is granted or refused by a typed error (10,000 cases)', async () => {
    const lab = await ExchangeLab.open();
    const right = await lab.token();
    const [, payload, signature] = right.split('.');
    const name = fc.constantFrom(
      ...[
        'grant_type',
        'subject_token',
        'subject_token_type',
        'actor_token',
        'actor_token_type',
        'audience',
        'resource',
      ],
      ...['scope', 'requested_token_type', 'reason', '__proto__', 'constructor'],
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom(
        ...Object.values(TokenType),
        right,
        `.${payload}.${signature}`,
        '..',
        'null',
        '{}',
        'https://a#b',
      ),
      fc.constantFrom('message-service', 'inbox', 'message.read', '__proto__', 'toString', 'urn:x', 'a b c', '\u0000'),
    );
    const base = Object.entries(Object.fromEntries(await lab.form()));
    const clients = caseRegistrations.clients.map(({ clientId }) => clientId);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, value), { maxLength: 8 }),
        fc.constantFrom(...clients),
        async (sent, id) => {
          const changed = new Set(sent.map(([key]) => key));
          const form = new URLSearchParams([...base.filter(([key]) => !changed.has(key)), ...sent]);
          const outcome: unknown = await lab.exchange
            .exchange(form, clientOf(lab.registrations, id))
            .catch((e: unknown) => e);
          if (!(outcome instanceof ExchangeRefusal)) expect(outcome).toHaveProperty('issuedTokenType');
          else expect(outcome.code).not.toBe('server_error');
        },
      ),
      { numRuns: 10_000 },
    );
  }, 60_000);
});
