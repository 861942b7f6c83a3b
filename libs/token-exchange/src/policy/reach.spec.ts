import { describe, expect, it } from '@jest/globals';
import { caseRegistrations } from '@onbehalf/testing-internal';
import {
  formatRoute,
  reachOf,
  RegisteredPolicy,
  routesTo,
  type ClientRegistration,
  type Edge,
  type PolicyRegistrations,
} from '../index.js';

const client = (clientId: string, represents: readonly string[] = [clientId]): ClientRegistration => ({
  clientId,
  enabled: true,
  confidential: true,
  represents,
});

const edge = (from: string, target: string, scopes: Edge['scopes'], more: Partial<Edge> = {}): Edge => ({
  client: from,
  subjectAudience: from,
  target,
  mode: 'delegation',
  scopes,
  ...more,
});

const chain: PolicyRegistrations = {
  clients: [client('a'), client('b'), client('c')],
  resources: ['a', 'b', 'c'].map((audience) => ({ audience, scopes: ['read', 'write'] })),
  edges: [
    edge('a', 'b', { read: {} }),
    edge('b', 'c', { read: { requires: ['read'] }, write: { requires: ['write'] } }),
  ],
};

const withEdges = (...edges: readonly Edge[]): PolicyRegistrations => ({ ...chain, edges });

describe('who can reach an audience, as whom, with which scopes', () => {
  it('tells the scenario', () => {
    expect(routesTo('message-service', caseRegistrations)).toContainEqual({
      hops: [
        { client: 'user-service', subjectAudience: 'user-service', target: 'message-service', mode: 'delegation' },
      ],
      actors: ['user-service'],
      scopes: ['message.read'],
    });
  });

  it('follows chains, the shortest first, and the scopes that survive them', () => {
    expect(
      routesTo('c', chain).map(({ hops, actors, scopes }) => [hops.map((hop) => hop.client), actors, scopes]),
    ).toEqual([
      [['b'], ['b'], ['read', 'write']],
      [['a', 'b'], ['b', 'a'], ['read']],
    ]);
  });

  describe('an administrator who uses an account', () => {
    const administrative = (more: Partial<Edge> = {}): PolicyRegistrations =>
      withEdges({ client: 'a', target: 'b', mode: 'administrative', scopes: { read: {} }, ...more });

    it('stands first among the actors, unless the edge does not disclose it', () => {
      expect(routesTo('b', administrative()).map(formatRoute)).toEqual([
        '(a user that is named) (a) → b: as the subject, acting: (an administrator); scopes: read',
      ]);
      expect(routesTo('b', administrative({ disclose: false })).map(({ actors }) => actors)).toEqual([[]]);
    });

    it('comes by no other mode without an audience, and by no edge that an exchange of tokens asks for', () => {
      expect(routesTo('b', administrative({ mode: 'delegation' }))).toEqual([]);
      const policy = new RegisteredPolicy(administrative());
      expect(policy.edges('a', ['', 'a'], 'b')).toEqual([]);
      expect(policy.administrativeEdges('a', 'b')).toHaveLength(1);
    });
  });

  it('tells nobody where no edge leads, and where no scope arrives', () => {
    expect(routesTo('a', chain)).toEqual([]);
    expect(routesTo('b', withEdges(edge('a', 'b', { 'not-a-scope': {} })))).toEqual([]);
    expect(routesTo('x', withEdges(edge('a', 'x', { read: {} })))).toEqual([]);
  });

  it.each([
    ['is not registered', []],
    ['is disabled', [{ ...client('a'), enabled: false }]],
    ['is public', [{ ...client('a'), confidential: false }]],
    ['does not receive the tokens', [client('a', ['other'])]],
  ])('leaves out an edge whose client %s', (_name, clients) => {
    const registrations = { ...withEdges(edge('a', 'b', { read: {} }, { subjectAudience: 'z' })), clients };
    expect(routesTo('b', registrations)).toEqual([]);
  });

  it('counts ID tokens, whose audience is the client itself', () => {
    expect(routesTo('b', { ...withEdges(edge('a', 'b', { read: {} })), clients: [client('a', [])] })).toHaveLength(1);
  });

  it('tells an impersonation by nobody acting, and a delegation that goes on by all who act', () => {
    const impersonation = { mode: 'impersonation' as const };
    const edges = [edge('a', 'b', { read: {} }), edge('b', 'c', { read: {} }, impersonation)];
    expect(routesTo('c', withEdges(...edges)).map(({ actors }) => actors)).toEqual([[], ['b', 'a']]);
  });

  it('tells the clients that have tokens directly, as themselves or as a user', () => {
    const access = (...scopes: string[]) => [{ audience: 'b', scopes }];
    const clients = [
      { ...client('a'), asItself: access('read'), asUser: access('read', 'unknown') },
      { ...client('b'), confidential: false, asUser: access('write'), asItself: [{ audience: 'c', scopes: ['read'] }] },
      { ...client('c'), enabled: false, asItself: access('read') },
      { ...client('d'), asItself: access(), asUser: access('unknown') },
    ];
    const routes = routesTo('b', { ...withEdges(edge('a', 'b', { read: {} })), clients });
    expect(routes.map(formatRoute)).toEqual([
      'a → b: as itself; scopes: read',
      'a → b: as the user who signs in; scopes: read',
      'b → b: as the user who signs in; scopes: write',
      'a (a) → b: as the subject, acting: a; scopes: read',
    ]);
  });

  it('ends where the depth ends', () => {
    const edges = [edge('a', 'b', { read: {} }), edge('b', 'c', { read: {} }, { maxDepth: 1 })];
    expect(routesTo('c', withEdges(...edges))).toHaveLength(1);
  });

  it('goes round only where the edge allows cycles, and ends all the same', () => {
    const there = edge('a', 'b', { read: {} });
    const back = edge('b', 'a', { read: {} });
    const clientsOf = (edges: readonly Edge[]): unknown =>
      routesTo('a', withEdges(...edges)).map(({ actors }) => actors);
    expect(clientsOf([there, back])).toEqual([['b']]);
    expect(clientsOf([there, { ...back, allowCycle: true }])).toEqual([['b'], ['b', 'a']]);
  });

  it('looks at no more than six exchanges in a row', () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${index}`);
    const registrations = {
      clients: names.map((name) => client(name)),
      resources: names.map((audience) => ({ audience, scopes: ['read'] })),
      edges: names.slice(1).map((name, index) => edge(`s${index}`, name, { read: {} }, { maxDepth: 99 })),
    };
    expect(Math.max(...routesTo('s11', registrations).map(({ hops }) => hops.length))).toBe(6);
  });
});

describe('ways that something else than the exchange adds', () => {
  it('are gone like edges, alone and in a row, and named', () => {
    const way = { ...edge('b', 'c', { read: {} }), via: 'tickets' };
    const routes = routesTo('c', withEdges(edge('a', 'b', { read: {} })), [way]);
    expect(routes.map(formatRoute)).toEqual([
      'b (b, by tickets) → c: as the subject, acting: b; scopes: read',
      'a (a) → b (b, by tickets) → c: as the subject, acting: b for a; scopes: read',
    ]);
    expect(routes[0]?.hops).toEqual([expect.objectContaining({ via: 'tickets' })]);
  });
});

describe('a route in one line', () => {
  it('tells the way, the actors and the scopes', () => {
    expect(routesTo('c', chain).map(formatRoute)).toEqual([
      'b (b) → c: as the subject, acting: b; scopes: read write',
      'a (a) → b (b) → c: as the subject, acting: b for a; scopes: read',
    ]);
  });

  it('tells an impersonation', () => {
    const [route] = routesTo('b', withEdges(edge('a', 'b', { read: {} }, { mode: 'impersonation' })));
    expect(route && formatRoute(route)).toBe('a (a) → b: as the subject, nobody acting; scopes: read');
  });

  it('looks at no more chains than it is told, the shortest first, and says whether there are others', () => {
    const ring = withEdges(
      edge('a', 'b', { read: {} }, { allowCycle: true }),
      edge('b', 'c', { read: {} }, { allowCycle: true }),
      edge('c', 'a', { read: {} }, { allowCycle: true }),
    );
    const all = reachOf('c', ring);
    expect([all.complete, all.routes.map(({ hops }) => hops.length)]).toEqual([true, [1, 2, 3]]);
    expect(reachOf('c', ring, [], 2)).toEqual({ complete: false, routes: all.routes.slice(0, 2) });
    expect(reachOf('c', ring, [], 3)).toEqual(all);
    expect(reachOf('nothing', ring)).toEqual({ complete: true, routes: [] });
  });
});
