import { Buffer } from 'node:buffer';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startTestServer, type ReceivedRequest, type TestAnswer, type TestServer } from '@onbehalf/testing';
import type { TokenExchangeOptions } from '../options/token-exchange-options.js';
import { ExchangeRefused } from '../tokens/exchange-errors.js';
import type { ExchangeParameters } from '../exchange-parameters.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import {
  auth0CustomExchange,
  auth0OnBehalfOf,
  entraOnBehalfOf,
  keycloak,
  okta,
  onbehalf,
  springAuthorizationServer,
  zitadel,
  type Preset,
} from './index.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const issued = { access_token: 'issued', token_type: 'Bearer', expires_in: 300 };
const basic = `Basic ${Buffer.from('service:s3cret').toString('base64')}`;

let server: TestServer;
afterEach(() => server.close());

/** A token endpoint that accepts one request only, byte for byte in its form, and tells what was wrong otherwise. */
async function strictServer(expected: {
  readonly form: Readonly<Record<string, string | readonly string[]>>;
  readonly authorization?: string;
  readonly answer: TestAnswer;
}): Promise<void> {
  server = await startTestServer((request) => {
    const wrong = differences(request, expected.form, expected.authorization);
    return wrong.length === 0
      ? expected.answer
      : { status: 400, body: { error: 'invalid_request', error_description: wrong.join(', ') } };
  });
}

function differences(request: ReceivedRequest, form: object, authorization?: string): string[] {
  const { method, headers } = request;
  const wanted = Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => `${name}=${one}`));
  const sent = [...request.form].map(([name, value]) => `${name}=${value}`);
  return [
    ...(method === 'POST' ? [] : ['method']),
    ...(headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? [] : ['content type']),
    ...(headers.accept === 'application/json' ? [] : ['accept']),
    ...(headers.authorization === authorization ? [] : ['authorization']),
    ...wanted.filter((pair) => !sent.includes(pair)).map((pair) => `missing ${pair}`),
    ...sent.filter((pair) => !wanted.includes(pair)).map((pair) => `not expected ${pair}`),
    ...(new Set(sent).size === sent.length ? [] : ['repeated']),
  ];
}

function serviceWith(preset: Preset, method: 'client_secret_basic' | 'client_secret_post' = 'client_secret_basic') {
  const clientAuthentication = { method, clientId: 'service', clientSecret: 's3cret' } as const;
  const options: TokenExchangeOptions = { tokenEndpoint: `${server.url}/token`, clientAuthentication, preset };
  return new TokenExchangeService(options);
}

describe('preset onbehalf', () => {
  it('sends the parameters of RFC 8693 §2.1, several targets included', async () => {
    await strictServer({
      form: {
        grant_type: EXCHANGE,
        subject_token: 'subject',
        subject_token_type: ACCESS_TOKEN,
        actor_token: 'actor',
        actor_token_type: JWT,
        requested_token_type: ACCESS_TOKEN,
        audience: ['message-service', 'report-service'],
        resource: 'https://files.example/',
        scope: 'message.read report.read',
      },
      authorization: basic,
      answer: { body: { ...issued, issued_token_type: ACCESS_TOKEN } },
    });
    const answer = await serviceWith(onbehalf).exchange({
      subjectToken: 'subject',
      actorToken: 'actor',
      actorTokenType: JWT,
      requestedTokenType: ACCESS_TOKEN,
      audience: ['report-service', 'message-service'],
      resource: 'https://files.example/',
      scope: ['report.read', 'message.read'],
    });
    expect(answer).toMatchObject({ token: 'issued', tokenType: 'Bearer', expiresIn: 300 });
  });

  it('asks for the service itself by client credentials', async () => {
    await strictServer({
      form: { grant_type: 'client_credentials', audience: 'message-service', scope: 'message.read' },
      authorization: basic,
      answer: { body: issued },
    });
    const target = { audience: 'message-service', scope: 'message.read' };
    expect((await serviceWith(onbehalf).serviceToken(target)).token).toBe('issued');
  });
});

describe('preset springAuthorizationServer', () => {
  const form = {
    grant_type: EXCHANGE,
    subject_token: 'subject',
    subject_token_type: JWT,
    requested_token_type: ACCESS_TOKEN,
    scope: 'message.read',
  };

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'sends a jwt and no audience, by %s',
    async (method) => {
      const post = method === 'client_secret_post';
      await strictServer({
        form: { ...form, ...(post && { client_id: 'service', client_secret: 's3cret' }) },
        authorization: post ? undefined : basic,
        answer: { body: { ...issued, issued_token_type: ACCESS_TOKEN } },
      });
      const service = serviceWith(springAuthorizationServer, method);
      expect((await service.exchange({ subjectToken: 'subject', scope: 'message.read' })).token).toBe('issued');
    },
  );
});

describe('preset keycloak', () => {
  it('sends an access token, the audience as a filter, and takes digits as a string', async () => {
    await strictServer({
      form: {
        grant_type: EXCHANGE,
        subject_token: 'subject',
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: ACCESS_TOKEN,
        audience: 'message-service',
        scope: 'message.read',
      },
      authorization: basic,
      answer: {
        body: {
          ...issued,
          expires_in: '300',
          refresh_expires_in: 0,
          'not-before-policy': 0,
          session_state: 'session',
          scope: 'message.read profile',
          issued_token_type: ACCESS_TOKEN,
        },
      },
    });
    const answer = await serviceWith(keycloak).exchange({
      subjectToken: 'subject',
      audience: 'message-service',
      scope: 'message.read',
    });
    expect(answer).toMatchObject({ expiresIn: 300, scopes: ['message.read', 'profile'] });
  });

  it('does not reuse a token whose expires_in is below zero', async () => {
    await strictServer({
      form: {
        grant_type: EXCHANGE,
        subject_token: 'subject',
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: ACCESS_TOKEN,
      },
      authorization: basic,
      answer: { body: { ...issued, expires_in: -7, issued_token_type: ACCESS_TOKEN } },
    });
    const service = serviceWith(keycloak);
    await service.exchange({ subjectToken: 'subject' });
    await service.exchange({ subjectToken: 'subject' });
    expect(server.requests).toHaveLength(2);
  });
});

describe('presets auth0', () => {
  it('on-behalf-of: an access token for exactly one audience', async () => {
    await strictServer({
      form: {
        grant_type: EXCHANGE,
        subject_token: 'subject',
        subject_token_type: ACCESS_TOKEN,
        requested_token_type: ACCESS_TOKEN,
        audience: 'https://messages.example/',
        scope: 'message.read',
        client_id: 'service',
        client_secret: 's3cret',
      },
      answer: { body: { ...issued, issued_token_type: ACCESS_TOKEN, scope: 'message.read' } },
    });
    const service = serviceWith(auth0OnBehalfOf, 'client_secret_post');
    const parameters = { subjectToken: 'subject', audience: 'https://messages.example/', scope: 'message.read' };
    expect((await service.exchange(parameters)).token).toBe('issued');
  });

  it('custom exchange: a token type of your own, with the organization as a further parameter', async () => {
    await strictServer({
      form: {
        grant_type: EXCHANGE,
        subject_token: 'legacy',
        subject_token_type: 'urn:acme:legacy-token',
        audience: 'https://messages.example/',
        organization: 'org_1',
        client_id: 'service',
        client_secret: 's3cret',
      },
      answer: { body: { ...issued, id_token: 'an.id.token', refresh_token: 'not used' } },
    });
    const service = serviceWith(
      auth0CustomExchange({ subjectTokenType: 'urn:acme:legacy-token' }),
      'client_secret_post',
    );
    const answer = await service.exchange({
      subjectToken: 'legacy',
      audience: 'https://messages.example/',
      parameters: { organization: 'org_1' },
    });
    expect(answer.token).toBe('issued');
  });

  it.each([
    'urn:ietf:params:oauth:token-type:jwt',
    'https://auth0.com/x',
    'http://okta.com',
    'urn:auth0:x',
    'not a uri',
  ])('custom exchange: the type %s stops the start', async (subjectTokenType) => {
    await strictServer({ form: {}, answer: {} });
    expect(() => auth0CustomExchange({ subjectTokenType })).toThrow(/a URI of your own/);
  });
});

describe('preset okta', () => {
  it('sends an access token with the mandatory scope and one audience', async () => {
    await strictServer({
      form: {
        grant_type: EXCHANGE,
        subject_token: 'subject',
        subject_token_type: ACCESS_TOKEN,
        audience: 'api://messages',
        scope: 'message.read',
      },
      authorization: basic,
      answer: { body: { ...issued, issued_token_type: ACCESS_TOKEN, scope: 'message.read' } },
    });
    const parameters = { subjectToken: 'subject', audience: 'api://messages', scope: 'message.read' };
    expect((await serviceWith(okta).exchange(parameters)).token).toBe('issued');
  });
});

describe('preset entraOnBehalfOf', () => {
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: 'subject',
    scope: 'api://message-service/.default',
    requested_token_use: 'on_behalf_of',
    client_id: 'service',
    client_secret: 's3cret',
  };
  const parameters = { subjectToken: 'subject', scope: 'api://message-service/.default' };

  it('sends the JWT grant with requested_token_use and takes an answer without issued_token_type', async () => {
    await strictServer({ form, answer: { body: { ...issued, ext_expires_in: 300, refresh_token: 'not used' } } });
    const service = serviceWith(entraOnBehalfOf, 'client_secret_post');
    expect((await service.exchange(parameters)).token).toBe('issued');
  });

  it('keeps the claims challenge of conditional access for the relay', async () => {
    const claims = '{"access_token":{"polids":{"essential":true,"values":["9ab03e19"]}}}';
    await strictServer({
      form,
      answer: { status: 400, body: { error: 'interaction_required', suberror: 'basic_action', claims } },
    });
    const refused = serviceWith(entraOnBehalfOf, 'client_secret_post').exchange(parameters);
    await expect(refused).rejects.toMatchObject({ error: 'interaction_required', stepUp: { claims } });
  });
});

describe('preset entraOnBehalfOf, other refusals', () => {
  it.each([
    ['without claims', { error: 'interaction_required' }],
    ['with claims that are no JSON', { error: 'interaction_required', claims: 'no' }],
    ['with claims that are no object', { error: 'interaction_required', claims: '[]' }],
    ['for another reason', { error: 'invalid_scope', claims: '{}' }],
  ])('ask nobody to log in again: %s', async (_case, body) => {
    server = await startTestServer(() => ({ status: 400, body }));
    const refused = serviceWith(entraOnBehalfOf).exchange({ subjectToken: 'subject', scope: 'api://x/.default' });
    await expect(refused).rejects.toMatchObject({ error: body.error, stepUp: undefined });
  });
});

describe('preset zitadel', () => {
  it('asks for a JWT, since the access_token type would be opaque, with an actor token', async () => {
    await strictServer({
      form: {
        grant_type: EXCHANGE,
        subject_token: 'subject',
        subject_token_type: ACCESS_TOKEN,
        actor_token: 'actor',
        actor_token_type: ACCESS_TOKEN,
        requested_token_type: JWT,
        audience: '123@project',
        scope: 'openid',
      },
      authorization: basic,
      answer: { body: { ...issued, issued_token_type: JWT, scope: 'openid' } },
    });
    const parameters = { subjectToken: 'subject', actorToken: 'actor', audience: '123@project', scope: 'openid' };
    expect((await serviceWith(zitadel).exchange(parameters)).token).toBe('issued');
  });
});

describe('the service for itself, by client credentials', () => {
  it.each([
    ['keycloak', keycloak, {}],
    ['okta', okta, {}],
    ['zitadel', zitadel, {}],
    ['auth0', auth0OnBehalfOf, { audience: 'message-service' }],
  ] as const)('%s', async (_name, preset, audience) => {
    await strictServer({
      form: { grant_type: 'client_credentials', scope: 'message.read', ...audience },
      authorization: basic,
      answer: { body: issued },
    });
    const target = { audience: 'message-service', scope: 'message.read' };
    expect((await serviceWith(preset).serviceToken(target)).token).toBe('issued');
  });
});

describe('what a server would ignore or refuse is refused before it is sent', () => {
  const custom = auth0CustomExchange({ subjectTokenType: 'urn:acme:legacy-token' });
  const cases: [string, Preset, Partial<ExchangeParameters>][] = [
    ['Spring ignores audience', springAuthorizationServer, { audience: 'message-service' }],
    ['Spring ignores resource', springAuthorizationServer, { resource: 'https://messages.example/' }],
    ['Keycloak has no resource', keycloak, { resource: 'https://messages.example/' }],
    ['Keycloak has no actor', keycloak, { actorToken: 'actor' }],
    ['Keycloak refuses jwt', keycloak, { subjectTokenType: JWT }],
    ['Auth0 wants an audience', auth0OnBehalfOf, {}],
    ['Auth0 wants one audience', auth0OnBehalfOf, { audience: ['one', 'two'] }],
    ['Auth0 names the actor itself', auth0OnBehalfOf, { audience: 'one', actorToken: 'actor' }],
    ['Auth0 custom wants an audience', custom, {}],
    ['Okta wants a scope', okta, { audience: 'api://messages' }],
    ['Okta refuses openid', okta, { audience: 'api://messages', scope: 'openid' }],
    ['Okta wants one audience', okta, { scope: 'message.read' }],
    ['Okta has no resource', okta, { scope: 'message.read', audience: 'a', resource: 'https://messages.example/' }],
    ['Entra has no audience', entraOnBehalfOf, { audience: 'message-service', scope: 'x' }],
    ['Entra wants a scope', entraOnBehalfOf, {}],
    ['Entra issues no ID token', entraOnBehalfOf, { scope: 'x', requestedTokenType: JWT }],
    ['Zitadel refuses resource', zitadel, { resource: 'https://messages.example/' }],
  ];
  it.each(cases)('%s', async (_case, preset, parameters) => {
    await strictServer({ form: {}, answer: {} });
    const refused = serviceWith(preset).exchange({ subjectToken: 'subject', ...parameters });
    await expect(refused).rejects.toBeInstanceOf(ExchangeRefused);
    await expect(refused).rejects.toMatchObject({ error: 'unsupported_request' });
    expect(server.requests).toHaveLength(0);
  });
});
