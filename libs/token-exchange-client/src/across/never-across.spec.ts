import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenType } from '@onbehalf/oauth-protocol';
import type { Answering } from '@onbehalf/testing';
import fc from 'fast-check';
import { onBehalfOf } from '../subject-token.js';
import { ExchangeUnavailable } from '../tokens/exchange-errors.js';
import { PLACES, TwoDomains, type Place } from './two-domains.fixture.js';

let domains: TwoDomains;
beforeEach(async () => {
  domains = await TwoDomains.open();
});
afterEach(() => domains.close());

const failureOf = (work: Promise<unknown>): Promise<ExchangeUnavailable> =>
  work.then(
    () => Promise.reject(new Error('the call has succeeded')),
    (error: unknown) => error as ExchangeUnavailable,
  );

describe('what is no grant for the other domain alone stays at home', () => {
  it.each<[string, (audience: string) => object]>([
    [
      'an access token, of a server that does not know what it was asked for',
      () => ({ token_type: 'Bearer', issued_token_type: TokenType.AccessToken }),
    ],
    ['an access token that is called a grant', () => ({ token_type: 'Bearer' })],
    ['an access token that is called none', () => ({ issued_token_type: TokenType.AccessToken })],
    ['a grant for another domain', () => ({ access_token: tokenFor('https://elsewhere.example') })],
    ['a grant for two', (audience) => ({ access_token: tokenFor([audience, 'https://elsewhere.example']) })],
    ['a grant for nobody', () => ({ access_token: tokenFor(undefined) })],
    ['what is no JWT', () => ({ access_token: opaque() })],
  ])('%s', async (_case, change) => {
    for (const kind of ['id-jag', 'chaining'] as const) {
      domains.behave('home', async (request) => {
        const answer = (await domains.usual('home')(request)) as { body: object };
        return { body: { ...answer.body, ...change(domains.url('partner')) } };
      });
      const client = domains.client({ kind });
      const failure = await failureOf(domains.signedIn(() => client.get('/orders')));
      expect(failure).toBeInstanceOf(ExchangeUnavailable);
      expect(failure.reason).toBe('malformed');
    }
    expect([domains.asked('partner'), domains.asked('orders')]).toEqual([[], []]);
  });
});

describe('the other domain is found by its metadata', () => {
  it.each<[string, (url: string) => object]>([
    ['of another issuer', (url) => ({ issuer: 'https://elsewhere.example', token_endpoint: `${url}/token` })],
    ['of an issuer that only begins like it', (url) => ({ issuer: `${url}/realm`, token_endpoint: `${url}/token` })],
    ['without an issuer', (url) => ({ token_endpoint: `${url}/token` })],
    ['without a token endpoint', (url) => ({ issuer: url })],
    ['with an endpoint in the clear', (url) => ({ issuer: url, token_endpoint: 'http://elsewhere.example/token' })],
  ])('metadata %s is not used, and nothing is sent', async (_case, metadata) => {
    domains.tell('partner', metadata(domains.url('partner')));
    const failure = await failureOf(domains.signedIn(() => domains.client().get('/orders')));
    expect(failure).toMatchObject({ name: 'ExchangeUnavailable', reason: 'discovery' });
    expect(failure.message).toContain(domains.url('partner'));
    expect([domains.asked('partner'), domains.asked('orders')]).toEqual([[], []]);
  });

  it('but an endpoint that is given is taken as it is', async () => {
    const tokenEndpoint = `${domains.url('partner')}/token`;
    await domains.signedIn(() => domains.client({ audience: 'https://partner.example', tokenEndpoint }).get('/orders'));
    expect(domains.asked('partner')).toHaveLength(1);
  });
});

/** What each of the three may answer, in the wrong way or the right one. */
type Behaviour = (domains: TwoDomains) => Answering;
const usual =
  (place: Place): Behaviour =>
  (all) =>
    all.usual(place);
const refusal =
  (error: string, status = 400): Behaviour =>
  () =>
  () => ({ status, body: { error } });
const redirect =
  (place: Place): Behaviour =>
  (all) =>
  () => ({ status: 307, headers: { location: `${all.url(place)}/token` } });

const BEHAVIOURS: Readonly<Record<Place, readonly Behaviour[]>> = {
  home: [
    usual('home'),
    refusal('invalid_target'),
    refusal('invalid_grant'),
    redirect('partner'),
    redirect('orders'),
    (all) => () => ({
      body: { access_token: all.newToken('near', {}), issued_token_type: TokenType.AccessToken, token_type: 'Bearer' },
    }),
  ],
  partner: [
    usual('partner'),
    refusal('invalid_grant'),
    refusal('invalid_client', 401),
    redirect('home'),
    redirect('orders'),
    // gives the grant back
    () =>
      ({ form }) => ({ body: { access_token: form.get('assertion'), token_type: 'Bearer' } }),
    () =>
      ({ form }) => ({ body: { access_token: form.get('assertion'), token_type: 'N_A' } }),
  ],
  near: [usual('near'), redirect('partner'), redirect('orders')],
  orders: [
    usual('orders'),
    refusal('invalid_token', 401),
    refusal('insufficient_scope', 403),
    redirect('home'),
    redirect('partner'),
  ],
};

describe('no token and no secret of one domain is sent to the other', () => {
  const behaviour = (place: Place) => fc.constantFrom(...BEHAVIOURS[place]);
  const step = fc.record({
    home: behaviour('home'),
    partner: behaviour('partner'),
    orders: behaviour('orders'),
    near: behaviour('near'),
    call: fc.constantFrom('id-jag', 'chaining', 'itself', 'near'),
  });

  it('whatever the servers and the service answer, in any order', async () => {
    let reached = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        const service = domains.service({ cache: { negativeLifetime: 0 } });
        const idJag = domains.client({}, service);
        const chaining = domains.client({ kind: 'chaining' }, service);
        const near = service.downstream({ name: 'near', audience: 'near', baseUrl: domains.url('near') });
        for (const { call, ...behaviours } of steps) {
          for (const place of PLACES) domains.behave(place, behaviours[place](domains));
          const work = {
            'id-jag': () => domains.signedIn(() => idJag.get('/orders')),
            chaining: () => onBehalfOf(domains.accessToken, () => chaining.get('/orders')),
            itself: () => idJag.asService().get('/orders'),
            near: () => onBehalfOf(domains.accessToken, () => near.get('/')),
          }[call];
          await work().catch(() => undefined);
        }
        reached += domains.asked('orders').length;
        expect(domains.strays()).toEqual([]);
      }),
      { numRuns: 60 },
    );
    // the property speaks of something
    expect(reached).toBeGreaterThan(0);
  }, 30_000);

  it('and the recorder would see it', async () => {
    domains.behave('orders', domains.usual('orders'));
    await fetch(`${domains.url('orders')}/`, { headers: { authorization: `Bearer ${domains.idToken}` } });
    await fetch(`${domains.url('partner')}/token`, {
      method: 'POST',
      body: new URLSearchParams({ client_secret: domains.secrets.home }),
    });
    expect(domains.strays()).toHaveLength(2);
  });
});

function tokenFor(aud: string | readonly string[] | undefined): string {
  return domains.newToken('home', { aud });
}

function opaque(): string {
  return 'an-opaque-token-of-the-own-domain';
}
