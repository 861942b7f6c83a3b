import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType } from '@onbehalf/oauth-protocol';
import { basic, logIn, postForm, startPostgres, UserAgent } from '@onbehalf/testing-internal';
import { Replicas } from '../../tools/replicas.ts';
import { System } from '../../tools/system.ts';
import { DEMO, configurationFile } from './demo-file.js';
import { Operator } from './operator.js';
import { until } from './until.js';

const limits = `
rateLimits:
  login: { failuresPerAccount: 3 }
  token: { failuresPerClient: 3, failuresPerAddress: 6, requestsPerClient: 20 }
  authorization: { requestsPerAddress: 60 }
`;

const postgres = await startPostgres();

/** A proxy on this machine is believed, so that the tests come from where they want. */
function believing(): Record<string, string> {
  return { AUTH_SERVER_CONFIG: configurationFile(DEMO + limits), TRUSTED_PROXIES: '127.0.0.1,::1' };
}

/** Asks for a token as user-service at this address. */
function askAt(server: string, address: string, secret = 'user-service-secret', path = '/oauth2/token') {
  return postForm(
    server + path,
    { grant_type: GrantType.ClientCredentials, scope: 'user.read', token: 'x' },
    { authorization: basic('user-service', secret), 'x-forwarded-for': address },
  );
}

async function statuses(count: number, send: () => Promise<{ status: number }>): Promise<number[]> {
  const all = [];
  for (let i = 0; i < count; i++) all.push((await send()).status);
  return all;
}

/** Begins a sign-in as client-app does. */
async function beginLogin(agent: UserAgent, issuer: string, clientApp: string): Promise<Response> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'client-app',
    redirect_uri: `${clientApp}/callback`,
    scope: 'openid user.read',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  });
  return agent.follow(await agent.get(`${issuer}/oauth2/authorize?${query.toString()}`));
}

describe('rate limits, over HTTP', () => {
  let system: System;
  let server: string;

  beforeAll(async () => {
    system = await (await System.onFreePorts(believing())).up('auth-server');
    server = system.url('auth-server');
  }, 30_000);

  afterAll(() => system.down());

  const ask = (...request: [string, string?, string?]) => askAt(server, ...request);
  const loginPage = (agent: UserAgent) => beginLogin(agent, server, system.url('client-app'));

  it('a secret can be guessed a few times, then the client at that address has to wait', async () => {
    expect(await statuses(4, () => ask('192.0.2.1', 'wrong'))).toEqual([401, 401, 401, 429]);
    const { status, headers, body } = await ask('192.0.2.1');
    expect({ status, error: body['error'] }).toEqual({ status: 429, error: 'temporarily_unavailable' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('the name of a client counts as one, however it is written', async () => {
    const spellings = ['user-service', 'user%2Dservice', '%75ser-service', 'user-servic%65'];
    const guess = (name: string) => {
      const authorization = `Basic ${Buffer.from(`${name}:wrong`).toString('base64')}`;
      const headers = { authorization, 'x-forwarded-for': '192.0.2.11' };
      return postForm(`${server}/oauth2/token`, { grant_type: GrantType.ClientCredentials }, headers);
    };
    const all = [];
    for (const spelling of spellings) all.push((await guess(spelling)).status);
    expect(all).toEqual([401, 401, 401, 429]);
  });

  const keeping = [
    ['GET', '/oauth2/authorize', 'client_id=client-app'],
    ['GET', '/connect/logout', 'client_id=client-app'],
    ['POST', '/oauth2/par', 'client_id=public-app'],
  ] as const;
  const askToKeep = ([method, path, form]: (typeof keeping)[number], address: string, more = ''): Promise<Response> => {
    const headers = { 'x-forwarded-for': address, 'content-type': 'application/x-www-form-urlencoded' };
    return method === 'GET'
      ? fetch(`${server}${path}?${form}${more}`, { headers, redirect: 'manual' })
      : fetch(server + path, { method, headers, body: form + more });
  };

  it.each(keeping)('an address makes the server keep so much by %s %s, and no more', async (...request) => {
    const address = `192.0.2.${100 + keeping.findIndex(([, path]) => path === request[1])}`;
    const all = await statuses(61, () => askToKeep(request, address));
    expect([all.indexOf(429), all.at(-1)]).toEqual([request[0] === 'POST' ? 6 : 60, 429]);
    expect((await askToKeep(request, '192.0.2.110')).status).not.toBe(429);
  });

  it.each(keeping)('%s %s keeps nothing that is longer than it has to be', async (...request) => {
    const { status } = await askToKeep(request, '192.0.2.111', `&state=${'x'.repeat(12_000)}`);
    expect(status).toBe(400);
    if (request[0] === 'GET')
      expect((await askToKeep(request, '192.0.2.111', `&state=${'x'.repeat(3_000)}`)).status).toBe(400);
  });

  it('a person whose address asks too often gets a sentence', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.100', accept: 'text/html' };
    const answer = await fetch(`${server}/oauth2/authorize`, { headers });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('other addresses are not held to it', async () => {
    expect((await ask('192.0.2.2')).status).toBe(200);
  });

  it.each(['/oauth2/token/', '/oauth2/TOKEN', '/Oauth2/introspect', '/oauth2/REVOKE', '/oauth2/par//'])(
    'no other spelling of an endpoint, %s, is one at which secrets could be guessed',
    async (path) => {
      expect((await ask('192.0.2.9', 'wrong', path)).status).toBe(404);
    },
  );

  it('who leaves before the request is whole has guessed nothing', async () => {
    for (let count = 0; count < 8; count += 1) {
      const sent = request({ host: 'localhost', port: new URL(server).port, path: '/oauth2/token', method: 'POST' });
      sent.setHeader('content-type', 'application/x-www-form-urlencoded');
      sent.setHeader('content-length', 500);
      sent.setHeader('x-forwarded-for', '192.0.2.10');
      sent.on('error', () => undefined);
      sent.write('grant_type=client_credentials&client_id=user-service');
      await setTimeout(50);
      sent.destroy();
    }
    await setTimeout(100);
    expect((await ask('192.0.2.10')).status).toBe(200);
  });

  it('guesses count at every endpoint at which clients authenticate', async () => {
    const paths = ['/oauth2/introspect', '/oauth2/revoke', '/oauth2/par'];
    for (const path of paths) expect((await ask('192.0.2.3', 'wrong', path)).status).toBe(401);
    expect((await ask('192.0.2.3')).status).toBe(429);
  });

  it('guesses count at the revocation feed, too', async () => {
    const headers = (secret: string) => ({
      authorization: basic('user-service', secret),
      'x-forwarded-for': '192.0.2.5',
    });
    const feed = (secret: string) => fetch(`${server}/oauth2/revocations`, { headers: headers(secret) });
    expect(await statuses(4, () => feed('wrong'))).toEqual([401, 401, 401, 429]);
    expect((await feed('user-service-secret')).headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('a client that asks too often has to wait', async () => {
    const all = await statuses(21, () => ask('192.0.2.4'));
    expect([all.filter((status) => status === 200).length, all.at(-1)]).toEqual([20, 429]);
  });

  it('who posts passwords to no sign-in is told so, before a guess is counted or a password looked at', async () => {
    const from = { 'x-forwarded-for': '192.0.2.20' };
    const post = () => postForm(`${server}/login/anything`, { username: 'baeldung', password: 'guess' }, from);
    expect(new Set((await Promise.all(Array.from({ length: 100 }, post))).map(({ status }) => status))).toEqual(
      new Set([400]),
    );
    const agent = new UserAgent(from);
    const page = await loginPage(agent);
    const elsewhere = page.url.replace(/[^/]+$/, 'anything');
    expect((await agent.submit(elsewhere, { username: 'baeldung', password: 'password' })).status).toBe(400);
    expect((await agent.submit(page.url, { username: 'baeldung', password: 'password' })).status).toBe(200);
  });

  it('many who sign in at once wait for each other, for a short time, and tokens for nobody', async () => {
    const agents = Array.from({ length: 40 }, (_, i) => new UserAgent({ 'x-forwarded-for': `198.51.100.${i}` }));
    const pages = await Promise.all(agents.map(loginPage));
    const guesses = agents.map((agent, i) => agent.submit(pages[i]!.url, { username: 'baeldung', password: 'guess' }));
    expect((await ask('192.0.2.21')).status).toBe(200);
    const answers = await Promise.all(guesses);
    const busy = answers.filter(({ status }) => status === 503);
    // one is looked at, 20 wait; those who came after the first was done found room
    expect(busy.length).toBeGreaterThan(0);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 503]));
    expect(busy[0]!.headers.get('retry-after')).toBe('5');
    expect(await busy[0]!.text()).toContain('Please wait a few seconds');
  });

  it('14 right logins at once to one account from one address are 14 logins', async () => {
    const agents = Array.from({ length: 14 }, () => new UserAgent({ 'x-forwarded-for': '192.0.2.22' }));
    const pages = await Promise.all(agents.map(loginPage));
    const logins = agents.map((agent, i) =>
      agent.submit(pages[i]!.url, { username: 'baeldung', password: 'password' }),
    );
    expect((await Promise.all(logins)).map(({ status }) => status)).toEqual(Array(14).fill(200));
  });

  it('a password can be guessed a few times, then a page says how long to wait', async () => {
    const agent = new UserAgent();
    const page = await loginPage(agent);
    const guess = () => agent.submit(page.url, { username: 'baeldung', password: 'guess' });
    expect(await statuses(3, guess)).toEqual([400, 400, 400]);
    const refused = await guess();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.text()).toContain('too many attempts');
    // the right password does not help from here, and does from elsewhere
    expect((await agent.submit(page.url, { username: 'baeldung', password: 'password' })).status).toBe(429);
    const elsewhere = new UserAgent({ 'x-forwarded-for': '192.0.2.9' });
    const login = { issuer: server, clientId: 'client-app', redirectUri: `${system.url('client-app')}/callback` };
    const authorization = basic('client-app', 'client-app-secret');
    expect((await logIn({ ...login, scope: 'openid user.read', authorization }, elsewhere)).status).toBe(200);
  });

  it('what is refused is counted, and leaves no record in the audit trail', async () => {
    const scraper = await Operator.with('metrics.read', server, 'prometheus');
    const text = await (await scraper.fetch('/metrics')).text();
    for (const limit of ['token', 'login'])
      expect(text).toMatch(new RegExp(`_rate_limited_total{limit="${limit}"} [1-9]`));
    const operator = await Operator.with('audit.read', server);
    const trail = await (await operator.fetch('/admin/audit')).text();
    expect(trail).not.toContain('too many requests');
  });
});

(postgres ? describe : describe.skip)('rate limits of two replicas', () => {
  let replicas: Replicas;

  beforeAll(async () => {
    replicas = await Replicas.up(await postgres!.database(), believing());
  }, 60_000);

  afterAll(async () => {
    try {
      await replicas.down();
    } finally {
      await postgres?.stop();
    }
  }, 30_000);

  const ask = (replica: 0 | 1, address: string, secret?: string) => askAt(replicas.urls[replica]!, address, secret);

  it('guesses at a secret count together: what one has seen, the other refuses soon', async () => {
    expect(await statuses(2, () => ask(0, '192.0.2.1', 'wrong'))).toEqual([401, 401]);
    // the one guess that the other sees is the third of all
    expect((await ask(1, '192.0.2.1', 'wrong')).status).toBe(401);
    await until(async () => (await ask(1, '192.0.2.1')).status === 429, 5_000);
    expect((await ask(1, '192.0.2.2')).status).toBe(200);
  });

  it('requests count together', async () => {
    expect(await statuses(12, () => ask(0, '192.0.2.3'))).toEqual(Array(12).fill(200));
    // each has let fewer through than the 20 that are allowed
    expect(await statuses(12, () => ask(1, '192.0.2.3'))).toContain(200);
    await until(async () => (await ask(1, '192.0.2.3')).status === 429, 5_000);
  });

  it('guesses at a password count together, at once', async () => {
    const agent = new UserAgent({ 'x-forwarded-for': '192.0.2.4' });
    const { pathname } = new URL((await beginLogin(agent, replicas.issuer, 'http://localhost:8080')).url);
    const guess = (replica: 0 | 1) =>
      agent.submit(replicas.urls[replica]! + pathname, { username: 'baeldung', password: 'guess' });
    const order = [0, 1, 0, 1, 0] as const;
    const all = [];
    for (const replica of order) all.push((await guess(replica)).status);
    expect(all).toEqual([400, 400, 400, 429, 429]);
  });
});
