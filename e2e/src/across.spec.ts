import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import {
  ExchangeRefused,
  onBehalfOf,
  TokenExchangeService,
  type Across,
  type DownstreamClient,
} from '@onbehalf/token-exchange-client';
import { decodeJwt } from 'jose';
import { freePort, RunningApp } from '../../tools/system.ts';
import { Domains, ORDERS } from './domains.fixture.js';
import { JWT } from './jwt-pattern.js';
import { samlAssertion } from './legacy-provider.fixture.js';
import { until } from './until.js';

/** Passes requests on, and keeps what was asked and answered. */
class Recorder {
  readonly asked: string[] = [];
  readonly answered: string[] = [];
  /** How many of the next answers do not arrive. */
  losing = 0;
  readonly #server: Server;

  constructor(target: string) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = 'GET', url = '', headers } = request;
        const body = Buffer.concat(chunks);
        this.asked.push(`${url}\n${JSON.stringify(headers)}\n${body.toString()}`);
        const sent = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
          typeof value === 'string' && !/^(?:host|connection|content-length|accept-encoding)$/.test(name)
            ? [[name, value]]
            : [],
        );
        void fetch(target + url, { method, headers: sent, ...(body.length > 0 && { body }) }).then(async (answer) => {
          const text = await answer.text();
          this.answered.push(text);
          if (this.losing > 0) {
            this.losing -= 1;
            response.destroy();
            return;
          }
          response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
          response.end(text);
        });
      });
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

interface Orders {
  readonly user: string;
  readonly askedBy: readonly string[];
}

describe('a downstream service in another domain', () => {
  let domains: Domains;
  let orderService: RunningApp;
  let login: Record<string, unknown>;
  const text = (name: string): string => String(login[name]);

  beforeAll(async () => {
    domains = await Domains.up();
    orderService = new RunningApp('order-service', await freePort(), { ISSUER: domains.partner.url });
    await orderService.ready();
    login = await domains.logIn();
  }, 60_000);
  afterAll(() => Promise.all([domains.down(), orderService.stop()]));

  const secret = (clientId: string) => ({ method: 'client_secret_basic', clientId, clientSecret: 'secret' }) as const;

  const serviceOf = (clientId: string, tokenEndpoint?: string): TokenExchangeService =>
    new TokenExchangeService({
      issuer: domains.home.url,
      clientAuthentication: secret(clientId),
      ...(tokenEndpoint !== undefined && { tokenEndpoint }),
    });

  const across = (kind: Across['kind'], more: Partial<Across> = {}): Across => ({
    kind,
    audience: domains.partner.url,
    resource: ORDERS,
    scope: 'order.read',
    clientAuthentication: secret(kind === 'id-jag' ? 'home-client-app' : 'home-user-service'),
    ...more,
  });

  const orders = (service: TokenExchangeService, way: Across, baseUrl = orderService.url): DownstreamClient =>
    service.downstream({ name: 'orders', baseUrl, across: way });

  const as = <T>(name: string, type: string, work: () => Promise<T>): Promise<T> =>
    onBehalfOf({ token: text(name), type }, work);

  it('is called for the holder of an ID token, or of a refresh token, by an ID-JAG', async () => {
    const service = serviceOf('client-app');
    const client = orders(service, across('id-jag'));
    for (const [name, type] of [
      ['id_token', TokenType.IdToken],
      ['refresh_token', TokenType.RefreshToken],
    ] as const) {
      const answer = await as(name, type, () => client.get<Orders>('/orders'));
      expect(answer).toMatchObject({
        user: 'b.aeldung',
        askedBy: ['home-client-app', `client-app of ${domains.home.url}`],
      });
      await as(name, type, () => client.get('/orders'));
    }
    expect(service.cacheMetrics()).toMatchObject({ misses: 2, hits: 2, entries: 2 });
  });

  it('is called by a service that has received a SAML assertion, which is taken once and read from the cache after that', async () => {
    const service = serviceOf('legacy-service');
    const client = orders(service, across('id-jag'));
    const subject = { token: samlAssertion('baeldung'), type: TokenType.Saml2 };
    const answer = await onBehalfOf(subject, () => client.get<Orders>('/orders'));
    expect(answer).toMatchObject({
      user: 'b.aeldung',
      askedBy: ['home-client-app', `legacy-service of ${domains.home.url}`],
    });
    expect(await onBehalfOf(subject, () => client.get('/orders'))).toEqual(answer);
    expect(service.cacheMetrics()).toMatchObject({ misses: 1, hits: 1, entries: 1 });
    // nor does another client, or a process that knows nothing of the first, go on with it
    for (const other of ['client-app', 'legacy-service']) {
      const again = onBehalfOf(subject, () => orders(serviceOf(other), across('id-jag')).get('/orders'));
      const refusal = await again.catch((error: unknown) => error);
      expect(refusal).toMatchObject({ error: 'invalid_request', domain: undefined });
    }
  });

  it('is called by a service for the user whose access token it has received, by chaining', async () => {
    const client = orders(serviceOf('user-service'), across('chaining'));
    expect(await onBehalfOf(text('access_token'), () => client.get<Orders>('/orders'))).toMatchObject({
      user: 'b.aeldung',
      askedBy: ['home-user-service', `user-service of ${domains.home.url}`],
    });
  });

  it('gets no token of the first domain, nor does its authorization server; and the first gets none of theirs', async () => {
    const recorders = {
      home: new Recorder(domains.home.url),
      partner: new Recorder(domains.partner.url),
      orders: new Recorder(orderService.url),
    };
    try {
      const [home, partner, service] = await Promise.all(Object.values(recorders).map((recorder) => recorder.open()));
      const tokenEndpoint = `${partner}/oauth2/token`;
      const app = orders(serviceOf('client-app', `${home}/oauth2/token`), across('id-jag', { tokenEndpoint }), service);
      const inner = orders(
        serviceOf('user-service', `${home}/oauth2/token`),
        across('chaining', { tokenEndpoint }),
        service,
      );
      await as('id_token', TokenType.IdToken, () => app.get('/orders'));
      await as('refresh_token', TokenType.RefreshToken, () => app.get('/orders'));
      await onBehalfOf(text('access_token'), () => inner.get('/orders'));
      // what a partner that refuses is told, too
      const stranger = orders(
        serviceOf('client-app', `${home}/oauth2/token`),
        across('id-jag', { tokenEndpoint, clientAuthentication: secret('home-user-service') }),
        service,
      );
      await expect(as('id_token', TokenType.IdToken, () => stranger.get('/orders'))).rejects.toThrow('invalid_grant');

      const tokens = new Map<string, keyof typeof recorders>();
      for (const name of ['id_token', 'access_token', 'refresh_token']) tokens.set(text(name), 'home');
      const given = (place: 'home' | 'partner') =>
        recorders[place].answered.flatMap((answer) => {
          const { access_token: token } = JSON.parse(answer) as { access_token?: string };
          return token === undefined ? [] : [token];
        });
      for (const grant of given('home')) tokens.set(grant, 'partner');
      for (const token of given('partner')) tokens.set(token, 'orders');
      // three calls; and one that was refused, for which a grant was made anew
      expect([...tokens.values()].toSorted()).toEqual([
        ...Array<string>(3).fill('home'),
        ...Array<string>(3).fill('orders'),
        ...Array<string>(5).fill('partner'),
      ]);
      for (const [place, { asked }] of Object.entries(recorders)) {
        expect(asked.length).toBeGreaterThan(0);
        for (const [token, of] of tokens) {
          const isSent = asked.some((request) => request.includes(token));
          expect([place, decodable(token), isSent]).toEqual([place, decodable(token), of === place]);
        }
      }
    } finally {
      for (const recorder of Object.values(recorders)) recorder.close();
    }
  });

  it('is reached by a grant that is made anew, where the answer to the first was lost on the way and has used it up', async () => {
    const recorder = new Recorder(domains.partner.url);
    const service = serviceOf('client-app');
    const client = orders(service, across('id-jag', { tokenEndpoint: `${await recorder.open()}/oauth2/token` }));
    try {
      recorder.losing = 1;
      const answer = await as('id_token', TokenType.IdToken, () => client.get<Orders>('/orders'));
      expect(answer.user).toBe('b.aeldung');
      const outcomes = recorder.answered.map((text) => (JSON.parse(text) as { error?: string }).error);
      expect(outcomes).toEqual([undefined, 'invalid_grant', undefined]);
      const grants = recorder.asked.map((request) => /assertion=([^&]+)/.exec(request)?.[1]);
      expect([grants[0] === grants[1], new Set(grants).size]).toEqual([true, 2]);
    } finally {
      recorder.close();
    }
  });

  it('demands a fresh login of whoever signed in too long ago, and says how fresh', async () => {
    const { body } = await domains.token(domains.home, 'operator', { grant_type: GrantType.ClientCredentials });
    const path = `${domains.home.url}/admin/edges/orders`;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${String(body['access_token'])}` };
    const read = await fetch(path, { headers });
    const shown = Object.entries((await read.json()) as Record<string, unknown>);
    const edge = Object.fromEntries(shown.filter(([name]) => !['id', 'origin', 'file'].includes(name)));
    const put = async (change: object, etag: string): Promise<string> => {
      const sent = { method: 'PUT', headers: { ...headers, 'if-match': etag }, body: JSON.stringify(change) };
      const answer = await fetch(path, sent);
      expect([answer.status, answer.status < 300 || (await answer.text())]).toEqual([200, true]);
      return answer.headers.get('etag') ?? '';
    };
    const strict = await put(
      { ...edge, acr: ['urn:example:hardware'], maxAuthenticationAge: 60 },
      read.headers.get('etag') ?? '',
    );
    try {
      const call = () =>
        as('id_token', TokenType.IdToken, () => orders(serviceOf('client-app'), across('id-jag')).get('/orders'));
      const refusal = await call().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ExchangeRefused);
      expect(refusal).toMatchObject({
        error: 'insufficient_user_authentication',
        domain: undefined,
        stepUp: { acrValues: 'urn:example:hardware' },
      });
    } finally {
      await put(edge, strict);
    }
  });

  it('is out of reach while an administrator says no, and in reach again', async () => {
    const service = serviceOf('client-app');
    const client = orders(service, across('id-jag'));
    const call = () => as('id_token', TokenType.IdToken, () => client.get('/orders'));
    const change = async (action: string): Promise<void> => {
      const { body } = await domains.token(domains.home, 'operator', { grant_type: GrantType.ClientCredentials });
      const headers = { authorization: `Bearer ${String(body['access_token'])}` };
      const answer = await fetch(`${domains.home.url}/admin/edges/orders/${action}`, { method: 'POST', headers });
      expect(answer.status).toBe(200);
    };
    await call();
    await change('disable');
    try {
      // the token that was given before lives on
      await call();
      await service.forget(text('id_token'));
      const refusal = await call().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(ExchangeRefused);
      expect(refusal).toMatchObject({ error: 'invalid_target', about: 'access', domain: undefined, service: 'orders' });
      expect(String(refusal)).not.toMatch(JWT);
    } finally {
      await change('enable');
    }
    await until(async () => {
      await service.forget(text('id_token'));
      return call().then(
        () => true,
        () => false,
      );
    }, 10_000);
  }, 20_000);

  it('is asked for nothing where the own server knows no such domain', async () => {
    const client = orders(serviceOf('client-app'), across('id-jag', { audience: `${domains.partner.url}/realm` }));
    const refusal = await as('id_token', TokenType.IdToken, () =>
      client.get('/orders').catch((error: unknown) => error),
    );
    expect(refusal).toMatchObject({ error: 'invalid_target', domain: undefined });
  });
});

/** For the message of a failed test. */
function decodable(token: string): unknown {
  try {
    return decodeJwt(token).aud;
  } catch {
    return 'refresh token';
  }
}
