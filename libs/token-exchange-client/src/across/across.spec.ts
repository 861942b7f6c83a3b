import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { startTestServer, type TestServer } from '@onbehalf/testing';
import { createTestCertificate } from '@onbehalf/testing-internal';
import { Sealer } from '../cache/sealer.js';
import { DownstreamRefused } from '../downstream/downstream-errors.js';
import { toProblem } from '../problem.js';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import { ExchangeRefused, ExchangeUnavailable } from '../tokens/exchange-errors.js';
import { jwt, TwoDomains } from './two-domains.fixture.js';

let domains: TwoDomains;
beforeEach(async () => {
  domains = await TwoDomains.open();
});
afterEach(() => domains.close());

const bearer = (answer: unknown): string => (answer as { seen: string }).seen;
const refusalOf = (work: Promise<unknown>): Promise<ExchangeRefused> =>
  work.then(
    () => Promise.reject(new Error('the call has succeeded')),
    (error: unknown) => error as ExchangeRefused,
  );

describe('both legs', () => {
  it('id-jag: the ID token for an ID-JAG at home, the ID-JAG for an access token there, and that for the call', async () => {
    const answer = await domains.signedIn(() => domains.client().get('/orders'));
    expect(domains.forms('home')).toEqual([
      {
        grant_type: GrantType.TokenExchange,
        subject_token: domains.idToken,
        subject_token_type: TokenType.IdToken,
        requested_token_type: TokenType.IdJag,
        audience: domains.url('partner'),
        resource: domains.url('orders'),
        scope: 'order.read',
        client_id: 'app',
        client_secret: domains.secrets.home,
      },
    ]);
    const [redeemed] = domains.asked('partner');
    expect(Object.fromEntries(redeemed!.form)).toEqual({
      grant_type: GrantType.JwtBearer,
      assertion: expect.any(String) as unknown,
      scope: 'order.read',
    });
    const credentials = Buffer.from(`app-at-partner:${domains.secrets.partner}`).toString('base64');
    expect(redeemed!.headers.authorization).toBe(`Basic ${credentials}`);
    expect(domains.known.get(bearer(answer).slice('Bearer '.length))).toBe('orders');
    expect(domains.strays()).toEqual([]);
  });

  it('chaining: the received access token for a grant; the resource is told where the grant is redeemed', async () => {
    const client = domains.client({ kind: 'chaining', scope: undefined });
    await onBehalfOf(domains.accessToken, () => client.get('/orders'));
    expect(domains.forms('home')).toEqual([
      expect.objectContaining({
        subject_token_type: TokenType.AccessToken,
        requested_token_type: TokenType.Jwt,
        audience: domains.url('partner'),
      }),
    ]);
    expect(domains.forms('home')[0]).not.toHaveProperty('resource');
    expect(domains.forms('partner')).toEqual([
      {
        grant_type: GrantType.JwtBearer,
        assertion: expect.any(String) as unknown,
        resource: domains.url('orders'),
      },
    ]);
    expect(domains.strays()).toEqual([]);
  });

  it('names who acts to the own server alone, by a token of that server', async () => {
    const own = domains.newToken('home', { sub: 'assistant', aud: 'auth-server-actors' }, 'at+jwt');
    domains.behave('home', (request) =>
      request.form.get('grant_type') === GrantType.ClientCredentials
        ? { body: { access_token: own, token_type: 'Bearer', expires_in: 300, scope: 'act' } }
        : domains.usual('home')(request),
    );
    const client = domains.client({ kind: 'chaining' }, domains.service(), { actor: { scope: 'act' } });
    await onBehalfOf(domains.accessToken, () => client.get('/orders'));
    expect(domains.forms('home').map(({ grant_type, actor_token }) => [grant_type, actor_token])).toEqual([
      [GrantType.ClientCredentials, undefined],
      [GrantType.TokenExchange, own],
    ]);
    expect(domains.forms('partner')).toEqual([expect.not.objectContaining({ actor_token: own })]);
    expect(domains.strays()).toEqual([]);
  });

  it('asks the other domain for what the grant gives, not for more', async () => {
    domains.behave('home', (request) => {
      const answer = domains.usual('home')(request) as { body: object };
      return { body: { ...answer.body, scope: 'order.read' } };
    });
    await domains.signedIn(() => domains.client({ scope: 'order.read order.write' }).get('/orders'));
    expect(domains.forms('home')[0]).toHaveProperty('scope', 'order.read order.write');
    expect(domains.forms('partner')[0]).toHaveProperty('scope', 'order.read');
  });

  it('as the service itself: by client credentials of the other domain, never of the own one', async () => {
    await domains.client().asService().get('/orders');
    expect(domains.asked('home')).toEqual([]);
    expect(domains.forms('partner')).toEqual([
      { grant_type: GrantType.ClientCredentials, resource: domains.url('orders'), scope: 'order.read' },
    ]);
    expect(domains.strays()).toEqual([]);
  });

  it('binds all of it to one key, which is proven to both servers and to the service', async () => {
    domains.behave('partner', (request) => {
      const answer = domains.usual('partner')(request) as { body: object };
      return { body: { ...answer.body, token_type: 'DPoP' } };
    });
    await domains.signedIn(() => domains.client({}, domains.service({ dpop: true })).get('/orders'));
    const asked = (['home', 'partner', 'orders'] as const).map((place) => domains.asked(place)[0]!);
    const keys = asked.map(({ headers }) => {
      const [header = ''] = String(headers['dpop']).split('.');
      return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { jwk: unknown }).jwk;
    });
    expect(keys[0]).toBeDefined();
    expect([keys[1], keys[2]]).toEqual([keys[0], keys[0]]);
    expect(asked[2]!.headers.authorization).toMatch(/^DPoP /);
  });
});

describe('the cache', () => {
  it('keeps the access token and never a grant', async () => {
    const stored: string[] = [];
    const encryptionKey = Buffer.alloc(32, 7);
    const store = {
      get: () => Promise.resolve(undefined),
      set: (key: string, value: string) => {
        stored.push(new Sealer([encryptionKey]).open(key.slice('onbehalf:exchange:'.length), value) ?? '');
        return Promise.resolve();
      },
      delete: () => Promise.resolve(),
    };
    const service = domains.service({ cache: { shared: { store, encryptionKey } } });
    const client = domains.client({}, service);
    await domains.signedIn(async () => {
      await client.get('/orders');
      await client.get('/orders');
    });
    expect([domains.asked('home').length, domains.asked('partner').length]).toEqual([1, 1]);
    expect(service.cacheMetrics()).toMatchObject({ entries: 1, hits: 1, misses: 1 });
    const { assertion } = domains.forms('partner')[0]!;
    expect(stored).toHaveLength(1);
    expect(stored[0]).not.toContain(assertion);
    expect(domains.known.get((JSON.parse(stored[0]!) as { token: string }).token)).toBe('orders');
  });

  it('100 users at once, ten calls each: one grant for each, and nobody gets the token of another', async () => {
    domains.behave('partner', ({ form }) => {
      const [, claims = ''] = form.get('assertion')!.split('.');
      const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string };
      return { body: { access_token: `of-${sub}`, token_type: 'Bearer', expires_in: 300 } };
    });
    domains.behave('home', ({ form }) => {
      const [, claims = ''] = form.get('subject_token')!.split('.');
      const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub: string };
      const access_token = jwt({ aud: domains.url('partner'), sub });
      return { body: { access_token, issued_token_type: TokenType.IdJag, token_type: 'N_A', expires_in: 300 } };
    });
    const client = domains.client({}, domains.service({ timeout: 20_000 }), { timeout: 60_000 });
    const users = Array.from({ length: 100 }, (_, index) => `user-${index}`);
    const seen = await Promise.all(
      users.flatMap((user) => {
        const token = jwt({ sub: user, aud: 'client-app' });
        return Array.from({ length: 10 }, () =>
          domains.signedIn(async () => [user, bearer(await client.get('/orders'))] as const, token),
        );
      }),
    );
    expect(seen.filter(([user, token]) => token !== `Bearer of-${user}`)).toEqual([]);
    expect([domains.asked('home').length, domains.asked('partner').length]).toEqual([100, 100]);
  }, 30_000);

  it('two domains, two clients there, or two resources never share a token', async () => {
    const service = domains.service();
    const other = { ...domains.across().clientAuthentication, clientId: 'other-app' } as const;
    const ways = [{}, { clientAuthentication: other }, { resource: `${domains.url('orders')}/2` }];
    for (const across of ways) await domains.signedIn(() => domains.client(across, service).get('/orders'));
    for (const kind of ['one', 'two'] as const) {
      const client = domains.client({ kind: 'chaining', resource: `https://${kind}.example` }, service);
      await onBehalfOf(domains.accessToken, () => client.get('/orders'));
    }
    expect(service.cacheMetrics()).toMatchObject({ entries: 5, hits: 0 });
  });

  it('a logout ends the reuse, also of what another domain gave', async () => {
    const service = domains.service();
    const client = domains.client({}, service);
    await domains.signedIn(() => client.get('/orders'));
    await service.forget(domains.idToken);
    await domains.signedIn(() => client.get('/orders'));
    expect(domains.asked('home')).toHaveLength(2);
  });
});

describe('once more, and not for ever', () => {
  const refused = {
    status: 400,
    body: { error: 'invalid_grant', error_description: 'The assertion is not acceptable' },
  };

  it('a grant that was used or has expired is made anew once', async () => {
    domains.behave('partner', (request) =>
      domains.asked('partner').length === 1 ? refused : domains.usual('partner')(request),
    );
    await domains.signedIn(() => domains.client().get('/orders'));
    const assertions = domains.forms('partner').map(({ assertion }) => assertion);
    expect([assertions.length, new Set(assertions).size, domains.asked('home').length]).toEqual([2, 2, 2]);
    expect(domains.strays()).toEqual([]);
  });

  it('a second refusal is told, with the domain that refused', async () => {
    domains.behave('partner', () => refused);
    const error = await refusalOf(domains.signedIn(() => domains.client().get('/orders')));
    expect(error).toBeInstanceOf(ExchangeRefused);
    expect(error).toMatchObject({
      error: 'invalid_grant',
      domain: domains.url('partner'),
      service: 'orders',
      about: 'access',
    });
    expect(toProblem(error).problem.status).toBe(403);
    expect([domains.asked('home').length, domains.asked('partner').length]).toEqual([2, 2]);
    expect(domains.asked('orders')).toEqual([]);
  });

  it('a SAML assertion, which is taken once, makes no second grant: the refusal of the domain is told', async () => {
    domains.behave('partner', () => refused);
    const subject = { token: 'PHNhbWw6QXNzZXJ0aW9uLz4', type: TokenType.Saml2 };
    const error = await refusalOf(onBehalfOf(subject, () => domains.client().get('/orders')));
    expect(error).toMatchObject({ error: 'invalid_grant', domain: domains.url('partner'), about: 'access' });
    expect([domains.asked('home').length, domains.asked('partner').length]).toEqual([1, 1]);
  });

  it('a 401 to a token from the cache brings a new one, by both legs; a second 401 is told', async () => {
    const client = domains.client();
    await domains.signedIn(() => client.get('/orders'));
    const [first] = domains.asked('orders');
    domains.behave('orders', (request) =>
      request.headers.authorization === first!.headers.authorization
        ? { status: 401 }
        : domains.usual('orders')(request),
    );
    await domains.signedIn(() => client.get('/orders'));
    expect([domains.asked('home').length, domains.asked('partner').length]).toEqual([2, 2]);
    domains.behave('orders', () => ({ status: 401 }));
    const error = await domains.signedIn(() => client.get('/orders').catch((reason: unknown) => reason));
    expect(error).toBeInstanceOf(DownstreamRefused);
    expect(domains.strays()).toEqual([]);
  });
});

describe('refusals', () => {
  type Answer = { status: number; body: Record<string, unknown> };
  const error = (name: string, more: object = {}, status = 400): Answer => ({ status, body: { error: name, ...more } });

  it.each<['home' | 'partner', Answer, object, number]>([
    // the administrator has said no
    ['home', error('invalid_target'), { about: 'access', setting: undefined }, 403],
    [
      'home',
      error('insufficient_user_authentication', { max_age: 60, acr_values: 'mfa' }),
      { stepUp: { maxAge: 60, acrValues: 'mfa' } },
      401,
    ],
    ['partner', error('insufficient_user_authentication', { max_age: 60 }), { stepUp: { maxAge: 60 } }, 401],
    [
      'home',
      error('interaction_required', { interaction_uri: 'https://home.example/connect' }),
      { interaction: { uri: 'https://home.example/connect' } },
      403,
    ],
    ['home', error('invalid_client', {}, 401), { about: 'set-up', setting: 'clientAuthentication' }, 502],
    ['partner', error('invalid_client', {}, 401), { about: 'set-up', setting: 'across.clientAuthentication' }, 502],
    ['partner', error('unauthorized_client'), { about: 'set-up', setting: expect.stringMatching(/^across\./) }, 502],
    ['partner', error('invalid_target'), { about: 'set-up', setting: 'across.audience or resource' }, 502],
    ['home', error('invalid_scope', { error_description: 'unknown scope' }), { setting: 'across.scope' }, 502],
  ])('of %s, %j: typed, and with the right answer to the own caller', async (place, answer, expected, status) => {
    domains.behave(place, () => answer);
    const refusal = await refusalOf(domains.signedIn(() => domains.client().get('/orders')));
    expect(refusal).toBeInstanceOf(ExchangeRefused);
    expect(refusal).toMatchObject(expected);
    expect(refusal.domain).toBe(place === 'partner' ? domains.url('partner') : undefined);
    expect(toProblem(refusal).problem.status).toBe(status);
    expect(domains.asked('orders')).toEqual([]);
  });

  it('an access token makes no ID-JAG, and is sent nowhere', async () => {
    const call = onBehalfOf(domains.accessToken, () => domains.client().get('/orders'));
    expect(await refusalOf(call)).toMatchObject({ error: 'unsupported_request', about: 'set-up' });
    expect([...domains.asked('home'), ...domains.asked('partner')]).toEqual([]);
  });

  it('nobody signed in is nobody to call for', async () => {
    await expect(domains.client().get('/orders')).rejects.toThrow('There is no access token to exchange');
  });
});

describe('certificates', () => {
  it('RFC 8705 §3: of the other domain, and shown to nobody but its server and its service', async () => {
    const [own, app, there] = ['server', 'app', 'app-at-partner'].map((name) => createTestCertificate(name));
    const tls = {
      cert: own!.certificate,
      key: own!.privateKey,
      ca: [app!.certificate, there!.certificate],
      requestCert: true,
    };
    const shown: unknown[] = [];
    const secure = (answering: (url: string) => object): Promise<TestServer> =>
      startTestServer(
        ({ raw, path }) => {
          shown.push([path, (raw.socket as TLSSocket).getPeerCertificate().subject?.CN]);
          return { body: answering(path) };
        },
        { tls },
      );
    const home = await secure(() => {
      const grant = jwt({ aud: 'https://partner.example' });
      return { access_token: grant, issued_token_type: TokenType.IdJag, token_type: 'N_A', expires_in: 300 };
    });
    const partner = await secure(() => ({ access_token: 'x', token_type: 'Bearer', expires_in: 300 }));
    const ca = own!.certificate;
    const service = new TokenExchangeService({
      tokenEndpoint: `${home.url}/home`,
      clientAuthentication: { method: 'tls_client_auth', clientId: 'app', ca, ...app! },
    });
    const client = service.downstream({
      name: 'orders',
      baseUrl: partner.url,
      across: {
        kind: 'id-jag',
        audience: 'https://partner.example',
        tokenEndpoint: `${partner.url}/partner`,
        resource: 'https://orders.example',
        clientAuthentication: { method: 'tls_client_auth', clientId: 'app', ca, ...there! },
      },
    });
    await domains.signedIn(() => client.get('/orders'));
    expect(shown).toEqual([
      ['/home', 'app'],
      ['/partner', 'app-at-partner'],
      ['/orders', 'app-at-partner'],
    ]);
    await Promise.all([home.close(), partner.close()]);
  });
});

describe('outages', () => {
  it('a partner that does not answer ends the exchange in time, and the call may end it sooner', async () => {
    domains.behave('partner', () => new Promise(() => undefined));
    const slow = domains.client({}, domains.service({ timeout: 100 }));
    const failure = await refusalOf(domains.signedIn(() => slow.get('/orders')));
    expect(failure).toMatchObject({ name: 'ExchangeUnavailable', reason: 'timeout' });
    const hurried = domains.client({}, domains.service({ timeout: 60_000 }));
    const late = domains.signedIn(() => hurried.get('/orders', { timeout: 100 }));
    await expect(late).rejects.toMatchObject({ name: 'DownstreamUnavailable', reason: 'timeout' });
    expect(domains.asked('orders')).toEqual([]);
  });

  it('a partner that is away is told apart, rests, and takes nothing of the own domain with it', async () => {
    domains.behave('partner', () => ({ status: 500 }));
    const service = domains.service();
    const client = domains.client({}, service);
    const failures: ExchangeUnavailable[] = [];
    for (let call = 0; call < 11; call += 1) {
      failures.push((await refusalOf(domains.signedIn(() => client.get('/orders')))) as unknown as ExchangeUnavailable);
    }
    expect(failures[0]).toBeInstanceOf(ExchangeUnavailable);
    expect(failures[0]!.message).toBe(`${domains.url('partner')}: The token endpoint answered 500`);
    expect(failures.at(-1)).toMatchObject({ reason: 'resting', retryAfter: 5 });
    expect(domains.asked('partner')).toHaveLength(10);
    expect(await service.source.problem()).toBeUndefined();
    const near = service.downstream({ name: 'near', audience: 'near', baseUrl: domains.url('near') });
    await onBehalfOf(domains.accessToken, () => near.get('/'));
  });
});
