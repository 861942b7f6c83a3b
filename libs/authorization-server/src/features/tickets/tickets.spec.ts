import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AuthorizationServer,
  AuthorizationServerModule,
  featureModules,
  FeatureSet,
  parseServerConfig,
  serverConfigJsonSchema,
  SigningKeys,
  toPolicyRegistrations,
  type AuthorizationServerOptions,
} from '@onbehalf/authorization-server';
import { openStore, type AuthorizationStore } from '@onbehalf/authorization-store';
import { GrantType } from '@onbehalf/oauth-protocol';
import { formatRoute, routesTo } from '@onbehalf/token-exchange';
import { decodeJwt } from 'jose';
import { TICKET_GRANT } from './ticket.grant.fixture.js';
import { TICKET_TYPE } from './ticket.verifier.fixture.js';
import { tickets } from './tickets.feature.fixture.js';

const ISSUER = 'http://localhost:9001';
const features = new FeatureSet([tickets]);

const file = {
  tickets: { audience: 'gate' },
  resources: [
    { audience: 'gate', scopes: ['enter'] },
    { audience: 'hall', scopes: ['hall.enter'] },
    { audience: 'auth-server', scopes: ['exchange.explain', 'audit.read', 'tickets.read'] },
  ],
  clients: [
    { clientId: 'shop', secret: 'secret of the shop', grantTypes: [TICKET_GRANT] },
    { clientId: 'gate', secret: 'secret of the gate', grantTypes: [GrantType.TokenExchange], represents: ['gate'] },
    {
      clientId: 'operator',
      secret: 'secret of the operator',
      grantTypes: [GrantType.ClientCredentials],
      scopes: ['exchange.explain', 'audit.read', 'tickets.read'],
      defaultResource: 'auth-server',
    },
  ],
  users: [
    { username: 'alice', passwordHash: 'scrypt$16384$8$1$c2FsdHNhbHQ$eAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  ],
  edges: [
    {
      client: 'gate',
      subjectAudience: 'gate',
      target: 'hall',
      mode: 'delegation',
      subjectTypes: [TICKET_TYPE],
      scopes: { 'hall.enter': { requires: ['enter'] } },
      tickets: { gate: 'north' },
    },
  ],
};

const parse = (change: object = {}) => parseServerConfig({ ...file, ...change }, {}, { sections: features.all });

describe('a feature in one folder and one line', () => {
  let store: AuthorizationStore;
  let app: NestExpressApplication;
  let url: string;
  let operator: string;

  beforeAll(async () => {
    store = await openStore({
      url: 'sqlite::memory:',
      sweepInterval: 0,
      tables: features.tables,
      auditFields: features.auditFields,
    });
    const config = parse();
    const options: AuthorizationServerOptions = {
      issuer: ISSUER,
      config,
      keys: await SigningKeys.generate(),
      features,
      storage: store,
      cookieKeys: ['a'.repeat(32)],
      nonceSecret: Buffer.alloc(32),
    };
    const server = AuthorizationServerModule.forRoot(options);
    const module = { imports: [server, ...featureModules(features.in(config), server)] };
    const testing = await Test.createTestingModule(module).compile();
    app = testing.createNestApplication<NestExpressApplication>({ logger: false });
    app.use(app.get(AuthorizationServer).middleware);
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
    operator = String((await token('operator', { grant_type: GrantType.ClientCredentials })).body['access_token']);
  });
  afterAll(async () => {
    await app.close();
    await store.close();
  });

  const token = async (client: string, form: Record<string, string>) => {
    const authorization = `Basic ${btoa(`${client}:${encodeURIComponent(`secret of the ${client}`)}`)}`;
    const body = new URLSearchParams(form);
    const response = await fetch(`${url}/oauth2/token`, { method: 'POST', headers: { authorization }, body });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const asOperator = async (path: string, init: RequestInit = {}) => {
    const headers = { ...init.headers, authorization: `Bearer ${operator}` };
    const response = await fetch(url + path, { ...init, headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const sell = async (): Promise<string> =>
    String((await token('shop', { grant_type: TICKET_GRANT, holder: 'alice' })).body['ticket']);
  const exchange = (ticket: string, more: Record<string, string> = {}) => ({
    grant_type: GrantType.TokenExchange,
    subject_token: ticket,
    subject_token_type: TICKET_TYPE,
    audience: 'hall',
    gate: 'north',
    ...more,
  });

  it('has a grant, which clients must be registered for', async () => {
    expect(await token('shop', { grant_type: TICKET_GRANT, holder: 'alice' })).toEqual({
      status: 200,
      body: { ticket: expect.any(String) as unknown, expires_in: 3600 },
    });
    expect((await token('shop', { grant_type: TICKET_GRANT, holder: 'nobody' })).body['error']).toBe('invalid_request');
    expect((await token('gate', { grant_type: TICKET_GRANT, holder: 'alice' })).status).toBe(400);
  });

  it('has its grant behind the authentication of the endpoint, whatever the grant would take', async () => {
    const named = { grant_type: TICKET_GRANT, holder: 'alice', client_id: 'shop' };
    const asked = (form: Record<string, string>): Promise<Response> =>
      fetch(`${url}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
    const anonymous = { grant_type: TICKET_GRANT, holder: 'alice' };
    for (const form of [anonymous, named, { ...named, client_secret: 'guessed' }]) {
      const response = await asked(form);
      expect([response.status, await response.json()]).toEqual([
        401,
        expect.objectContaining({ error: 'invalid_client' }),
      ]);
    }
  });

  it('has a subject token type, used once, and a parameter and a rule for it', async () => {
    const ticket = await sell();
    expect((await token('gate', exchange(ticket, { gate: 'x'.repeat(21) }))).body['error']).toBe('invalid_request');
    const { status, body } = await token('gate', exchange(ticket));
    expect(status).toBe(200);
    expect(decodeJwt(String(body['access_token']))).toMatchObject({ sub: 'alice', aud: 'hall', act: { sub: 'gate' } });
    expect((await token('gate', exchange(ticket))).body['error']).toBe('invalid_request');
    const other = await token('gate', exchange(await sell(), { gate: 'south' }));
    expect(other.body).toMatchObject({ error: 'invalid_request', error_description: 'The ticket is for another gate' });
  });

  it('has a table, sealed and swept', async () => {
    await sell();
    const { body } = await asOperator('/tickets/of/shop');
    expect((body['tickets'] as object[]).length).toBeGreaterThan(0);
    expect(await store.sweep()).toBe(0);
  });

  it('has an audit field that is searched by and exported', async () => {
    const ticket = await sell();
    await token('gate', exchange(ticket));
    const { body } = await asOperator(`/admin/audit?ticket_number=${ticket}`);
    const events = (body['records'] as { event: Record<string, unknown> }[]).map(({ event }) => event);
    expect(events).toEqual([
      expect.objectContaining({ type: 'token_exchange', outcome: 'issued', subject: 'alice', ticketNumber: ticket }),
      { type: 'tickets.sold', outcome: 'issued', clientId: 'shop', subject: 'alice', ticketNumber: ticket },
    ]);
    const headers = { authorization: `Bearer ${operator}` };
    const lines = await (await fetch(`${url}/admin/audit/export?ticket_number=${ticket}`, { headers })).text();
    expect(lines.trim().split('\n')).toHaveLength(2);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
  });

  it('speaks in explanations, which use nothing up', async () => {
    const ticket = await sell();
    const body = new URLSearchParams({ ...exchange(ticket), client_id: 'gate' });
    const explained = await asOperator('/admin/exchange/explain', { method: 'POST', body });
    expect(explained.body).toMatchObject({ outcome: 'permitted', details: { tickets: { ticket } } });
    expect((await token('gate', exchange(ticket))).status).toBe(200);
  });

  it('has a page, and an endpoint for operators', async () => {
    const page = await fetch(`${url}/tickets/${await sell()}`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('Sold by shop');
    expect((await fetch(`${url}/tickets/of/shop`)).status).toBe(401);
  });

  it('has a member in the metadata', async () => {
    const metadata: unknown = await (await fetch(`${url}/.well-known/oauth-authorization-server`)).json();
    expect(metadata).toMatchObject({
      ticket_lifetime: 3600,
      grant_types_supported: expect.arrayContaining([TICKET_GRANT, GrantType.TokenExchange]) as unknown,
    });
  });

  it('adds ways by which an audience can be reached, for operators too', async () => {
    const config = parse();
    const routes = routesTo('gate', toPolicyRegistrations(config, features.all), features.in(config).ways(config));
    expect(routes.map(formatRoute)).toEqual([
      'shop (shop, by tickets) → gate: as the subject, nobody acting; scopes: enter',
    ]);
    expect(await asOperator('/admin/reach?audience=gate')).toEqual({
      status: 200,
      body: { audience: 'gate', complete: true, routes: JSON.parse(JSON.stringify(routes)) as unknown },
    });
  });

  it.each([
    ['', 400, 'audience: one audience'],
    ['?audience=', 400, 'audience: an audience'],
    ['?audience=gate&audience=shop', 400, 'audience: one audience'],
    ['?audience=gate&scope=enter', 400, 'scope: no such parameter here'],
    ['?audience=nowhere', 404, 'no resource has the audience nowhere'],
  ])('/admin/reach%s is answered with %d', async (query, status, description) => {
    const answer = await asOperator(`/admin/reach${query}`);
    expect([answer.status, answer.body['error_description']]).toEqual([status, description]);
  });

  it('tells nobody but operators who can reach an audience', async () => {
    expect((await fetch(`${url}/admin/reach?audience=gate`)).status).toBe(401);
  });

  it.each([
    ['a section that is wrong', { tickets: { audience: 'gate', price: 1 } }, 'configuration: tickets.price is 1'],
    [
      'a section that names nothing',
      { tickets: { audience: 'nowhere' } },
      'configuration: tickets.audience is "nowhere"; accepted: the audience of a registered resource',
    ],
    [
      'a member that is wrong',
      { edges: [{ ...file.edges[0], tickets: {} }] },
      'configuration: edges[0].tickets.gate is missing',
    ],
    [
      'its grant without its section',
      { tickets: undefined },
      `configuration: clients[0].grantTypes is "${TICKET_GRANT}"; accepted: this grant only with the section tickets`,
    ],
  ])('stops the start for %s, in one line', (_name, change, message) => {
    expect(() => parse(change)).toThrow(message);
  });

  it('is off without its section, and then its tokens are unknown', () => {
    const config = parse({ tickets: undefined, clients: file.clients.slice(1) });
    expect(features.in(config).each).toEqual([]);
  });

  it('stands in the schema of the file', () => {
    expect(JSON.stringify(serverConfigJsonSchema(features.all))).toContain('the gate that tickets are taken at');
  });

  it.each([
    ['a name', { ...tickets, name: 'tickets' }],
    ['a table', { name: 'other', settings: tickets.settings, tables: tickets.tables ?? [] }],
    ['an audit field', { name: 'other', settings: tickets.settings, audit: tickets.audit ?? [] }],
  ])('shares %s with no other feature', (_name, other) => {
    expect(() => new FeatureSet([tickets, other])).toThrow('accepted: a name that no other has');
  });

  it.each([
    ['a field that is not there', 'nothing', {}],
    ['one that nobody searches by', 'unsearched', {}],
    ['itself', 'earlierTickets', { searchable: true }],
  ])('has no list that is found by %s', (_name, foundBy, more) => {
    const lists = { name: 'earlierTickets', description: 'the tickets before', foundBy, ...more };
    const audit = [{ name: 'unsearched', description: 'a note' }, lists];
    expect(() => new FeatureSet([tickets, { name: 'other', settings: tickets.settings, audit }])).toThrow(
      `features is "${foundBy}"; accepted: of a list, another field that is searchable`,
    );
  });

  it('has no name that means something else in the file', () => {
    expect(() => parseServerConfig({}, {}, { sections: [{ ...tickets, name: 'clients' }] })).toThrow(
      'features is "clients"; accepted: a name that means nothing else in the configuration file',
    );
  });
});

describe('the guide to writing a feature', () => {
  const guide = readFileSync(new URL('../../../../../docs/guides/writing-a-feature.md', import.meta.url), 'utf8');
  const sources = ['tickets.feature', 'ticket-table', 'ticket.grant', 'ticket.verifier', 'gate.rule'].map(
    (name) => `${name}.fixture.ts`,
  );

  it.each([...sources, 'tickets.controller.fixture.tsx'])('quotes %s as it is', (name) => {
    const source = readFileSync(new URL(name, import.meta.url), 'utf8');
    const region = /\/\/ #region \w+\n([^]*?)\/\/ #endregion/.exec(source)?.[1] ?? source;
    expect(guide).toContain(region.trim());
  });
});
