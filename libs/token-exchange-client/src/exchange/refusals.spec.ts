import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Inject, Logger, Module, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { createTestIssuer, startTestServer, type TestServer } from '@onbehalf/testing';
import { DownstreamExceptionFilter } from '../downstream-exception.filter.js';
import { entraOnBehalfOf, keycloak, onbehalf, springAuthorizationServer, type Preset } from '../presets/index.js';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeModule } from '../token-exchange.module.js';
import { TokenExchangeService } from '../token-exchange.service.js';

let server: TestServer;
let app: INestApplication | undefined;
let logged: string[];

beforeAll(async () => {
  server = await startTestServer(() => ({}));
});
afterAll(() => server.close());
beforeEach(() => {
  logged = [];
  for (const level of ['warn', 'error', 'log'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation((message: unknown) => void logged.push(String(message)));
  }
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  jest.restoreAllMocks();
});

@Controller()
class MessageController {
  constructor(@Inject(TokenExchangeService) private readonly exchange: TokenExchangeService) {}

  readonly #messages = () => {
    const byScope = ['spring-authorization-server', 'entra-on-behalf-of'].includes(
      this.exchange.source.options.preset?.name ?? '',
    );
    const target = byScope ? {} : { audience: 'message-service' };
    return this.exchange.downstream({ name: 'messages', baseUrl: server.url, scope: 'message.read', ...target });
  };

  @Get()
  forUser(): Promise<unknown> {
    return onBehalfOf('subject-token', () => this.#messages().get('/'));
  }

  @Get('service')
  forService(): Promise<unknown> {
    return this.#messages().asService().get('/');
  }
}

async function ask(preset: Preset, path = '/'): Promise<Response> {
  const clientAuthentication = {
    method: 'client_secret_basic',
    clientId: 'user-service',
    clientSecret: 's3cret',
  } as const;
  @Module({
    imports: [TokenExchangeModule.forRoot({ tokenEndpoint: `${server.url}/token`, preset, clientAuthentication })],
    controllers: [MessageController],
    providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
  })
  class AppModule {}
  app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  return fetch(`${await app.getUrl()}${path}`);
}

describe('a subject token that is not accepted any more: 401 invalid_token, so that the caller refreshes or logs in', () => {
  it.each<[string, Preset, number, object]>([
    [
      'Keycloak: logged out, revoked, expired, disabled',
      keycloak,
      400,
      { error: 'invalid_request', error_description: 'Invalid token' },
    ],
    [
      'Onbehalf: revoked, unknown, disabled',
      onbehalf,
      400,
      { error: 'invalid_request', error_description: 'The subject_token is no longer accepted' },
    ],
    [
      'Onbehalf: expired',
      onbehalf,
      400,
      { error: 'invalid_request', error_description: 'The subject_token is invalid: The token has expired' },
    ],
    [
      'Onbehalf: revoked meanwhile',
      onbehalf,
      400,
      { error: 'invalid_request', error_description: 'subject_token is not acceptable' },
    ],
    [
      'Onbehalf: expired a moment ago',
      onbehalf,
      400,
      { error: 'invalid_request', error_description: 'The subject_token has expired' },
    ],
    [
      'Onbehalf: at its end',
      onbehalf,
      400,
      { error: 'invalid_request', error_description: 'No lifetime is left to be granted' },
    ],
    ['Spring', springAuthorizationServer, 400, { error: 'invalid_grant' }],
    [
      'Entra: expired',
      entraOnBehalfOf,
      400,
      { error: 'invalid_grant', error_description: 'AADSTS500133: Assertion is not within its valid time range.' },
    ],
    ['any, by RFC 6750', onbehalf, 401, { error: 'invalid_token' }],
  ])('%s', async (_case, preset, status, body) => {
    server.answering = () => ({ status, body });
    const answer = await ask(preset);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer error="invalid_token", error_description="The token is no longer accepted"',
    );
  });
});

describe('a set-up mistake: 502, and a log line that names the setting and what the server says', () => {
  it.each<[string, Preset, number, { error: string; error_description?: string }, RegExp]>([
    [
      'Keycloak',
      keycloak,
      400,
      {
        error: 'invalid_request',
        error_description: 'Standard token exchange is not enabled for the requested client',
      },
      /TokenExchangeModule\.clientAuthentication .*Standard token exchange/,
    ],
    [
      'Keycloak',
      keycloak,
      400,
      { error: 'invalid_client', error_description: 'Requested audience not available: message-service' },
      /TokenExchangeModule\.forFeature\[messages\]\.audience/,
    ],
    [
      'Keycloak',
      keycloak,
      403,
      { error: 'access_denied', error_description: 'Client is not within the token audience' },
      /TokenExchangeModule\.clientAuthentication .*aud/,
    ],
    [
      'Keycloak',
      keycloak,
      400,
      { error: 'invalid_scope', error_description: 'Invalid scopes: message.read' },
      /TokenExchangeModule\.forFeature\[messages\]\.scope/,
    ],
    [
      'Onbehalf',
      onbehalf,
      400,
      { error: 'invalid_target', error_description: 'The requested target is unknown' },
      /forFeature\[messages\]\.audience or resource/,
    ],
    [
      'Onbehalf',
      onbehalf,
      400,
      { error: 'invalid_scope', error_description: 'The requested scope exceeds what may be granted for this target' },
      /forFeature\[messages\]\.scope/,
    ],
    [
      'Onbehalf',
      onbehalf,
      400,
      { error: 'invalid_request', error_description: 'The subject_token was not issued for this client to receive' },
      /TokenExchangeModule\.clientAuthentication .*represents/,
    ],
    [
      'any',
      onbehalf,
      400,
      { error: 'invalid_scope', error_description: 'unknown scope message.read' },
      /forFeature\[messages\]\.scope/,
    ],
    ['any', onbehalf, 401, { error: 'invalid_client' }, /TokenExchangeModule\.clientAuthentication/],
    ['any', onbehalf, 400, { error: 'unauthorized_client' }, /TokenExchangeModule\.clientAuthentication .*grant types/],
  ])('%s %#', async (_case, preset, status, body, setting) => {
    server.answering = () => ({ status, body });
    const answer = await ask(preset);
    expect(answer.status).toBe(502);
    const line = logged.find((text) => setting.test(text));
    expect(line).toContain(body.error_description ?? body.error);
    expect(await answer.text()).not.toContain(body.error_description ?? body.error);
  });
});

describe('what this user may not: 403', () => {
  it.each<[string, Preset, object]>([
    [
      'Onbehalf: another actor',
      onbehalf,
      { error: 'invalid_request', error_description: 'The subject_token authorizes another party to act' },
    ],
    [
      'Onbehalf: scope of the user',
      onbehalf,
      { error: 'invalid_scope', error_description: 'The requested scope exceeds what the subject_token allows' },
    ],
    [
      'Entra: no consent',
      entraOnBehalfOf,
      { error: 'invalid_grant', error_description: 'AADSTS65001: The user has not consented.' },
    ],
    ['any', onbehalf, { error: 'access_denied' }],
  ])('%s', async (_case, preset, body) => {
    server.answering = () => ({ status: 400, body });
    expect((await ask(preset)).status).toBe(403);
  });
});

describe('asService checks what came back', () => {
  const granted = (token: string, more: object = {}) => ({
    body: { access_token: token, token_type: 'Bearer', expires_in: 300, ...more },
  });

  it.each<[string, Record<string, unknown>, object, RegExp]>([
    [
      'another audience',
      { aud: 'user-service', scope: 'message.read' },
      {},
      /issued a token for user-service where message-service was asked for.*forFeature\[messages\]\.audience/,
    ],
    [
      'no scope',
      { aud: 'message-service', scope: undefined },
      {},
      /without the scope message\.read.*forFeature\[messages\]\.scope/,
    ],
    [
      'another scope, told by the answer',
      { aud: 'message-service' },
      { scope: 'other' },
      /without the scope message\.read/,
    ],
  ])('%s', async (_case, claims, more, line) => {
    const issuer = await createTestIssuer();
    const token = await issuer.token(claims);
    server.answering = () => granted(token, more);
    server.requests.length = 0;
    expect((await ask(onbehalf, '/service')).status).toBe(502);
    expect(logged.some((text) => line.test(text))).toBe(true);
    expect(server.requests.map(({ path }) => path)).toEqual(['/token']);
  });

  it('tells what the server says, and a user is never to blame', async () => {
    server.answering = () => ({ status: 400, body: { error: 'access_denied', error_description: 'not for you' } });
    expect((await ask(onbehalf, '/service')).status).toBe(502);
    expect(logged.join()).toContain('access_denied (not for you)');
  });

  it('the right token goes on', async () => {
    const token = await (
      await createTestIssuer()
    ).token({ aud: ['message-service', 'more'], scope: 'message.read more' });
    server.answering = ({ path }) => (path === '/token' ? granted(token) : { body: { hello: 1 } });
    expect((await ask(onbehalf, '/service')).status).toBe(200);
  });
});
