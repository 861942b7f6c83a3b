import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type INestApplication, type Type } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { requirement } from '@onbehalf/testing-internal';
import { DownstreamRefused, DownstreamUnavailable, UnexpectedAnswer } from './downstream/downstream-errors.js';
import { DownstreamExceptionFilter } from './downstream-exception.filter.js';
import { ExchangeRefused, ExchangeUnavailable, NoSubjectToken } from './tokens/exchange-errors.js';

let failWith: Error;
let app: INestApplication;
afterEach(() => app.close());

@Controller()
class FailingController {
  @Get()
  fail(): never {
    throw failWith;
  }
}

@Module({
  controllers: [FailingController],
  providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
})
class FailingModule {}

async function answerTo(
  error: Error,
  Adapter: Type<ExpressAdapter | FastifyAdapter> = ExpressAdapter,
): Promise<Response> {
  failWith = error;
  app = await NestFactory.create(FailingModule, new Adapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  return fetch(await app.getUrl());
}

const refused = (error: string, more: object = {}) =>
  new ExchangeRefused({ error, description: 'internal description', status: 400, ...more });
const downstream = (status: number, more: object = {}) =>
  new DownstreamRefused({ service: 'message-service', status, body: 'internal body', ...more });

describe('answers of the exception filter', () => {
  it.each<[string, Error, number, string, string | undefined]>([
    ['this user may not', refused('access_denied'), 403, 'access_denied', undefined],
    ['the subject token was refused', refused('invalid_request'), 403, 'access_denied', undefined],
    ['the same, as Spring says it', refused('invalid_grant'), 403, 'access_denied', undefined],
    ['the scope is beyond what is granted', refused('invalid_scope'), 403, 'access_denied', undefined],
    ['this client is not known', refused('invalid_client'), 502, 'bad_gateway', undefined],
    ['this client may not exchange', refused('unauthorized_client'), 502, 'bad_gateway', undefined],
    ['the target is not known', refused('invalid_target'), 502, 'bad_gateway', undefined],
    ['the server is down', new ExchangeUnavailable('timeout', ''), 503, 'temporarily_unavailable', '1'],
    ['the server asks for rest', new ExchangeUnavailable('resting', '', 30), 503, 'temporarily_unavailable', '30'],
    ['the server answers nonsense', new ExchangeUnavailable('malformed', ''), 502, 'bad_gateway', undefined],
    ['the service refuses the token', downstream(401), 502, 'bad_gateway', undefined],
    ['the service forbids', downstream(403), 403, 'access_denied', undefined],
    ['the service does not find it', downstream(404), 502, 'bad_gateway', undefined],
    ['the service is down', new DownstreamUnavailable('message-service', 'connection'), 502, 'bad_gateway', undefined],
    ['the service fails', new DownstreamUnavailable('message-service', 'status', 500), 502, 'bad_gateway', undefined],
    ['the service rests', new DownstreamUnavailable('m', 'resting', undefined, 5), 503, 'temporarily_unavailable', '5'],
    ['the service rests for a moment', new DownstreamUnavailable('m', 'resting'), 503, 'temporarily_unavailable', '1'],
    ['the service is busy', new DownstreamUnavailable('m', 'status', 503, 9), 503, 'temporarily_unavailable', '9'],
    ['the service throttles', new DownstreamUnavailable('m', 'status', 429, 9), 503, 'temporarily_unavailable', '9'],
    ['the service answers nonsense', new UnexpectedAnswer('m', ['text: missing']), 502, 'bad_gateway', undefined],
    ['there is no user', new NoSubjectToken(), 500, 'server_error', undefined],
  ])('%s', async (_case, error, status, code, retryAfter) => {
    const answer = await answerTo(error);
    const problem = (await answer.json()) as object;
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers.get('retry-after') ?? undefined).toBe(retryAfter);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(problem).toMatchObject({ type: 'about:blank', status, error: code });
    expect(JSON.stringify(problem)).not.toMatch(/internal|message-service/);
  });

  it.each([ExpressAdapter, FastifyAdapter])(
    'RFC 9470: a demand for another authentication is relayed (%p)',
    async (Adapter) => {
      const stepUp = { acrValues: 'urn:mfa', maxAge: 300 };
      const answer = await answerTo(refused('insufficient_user_authentication', { stepUp }), Adapter);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer error="insufficient_user_authentication", ' +
          'error_description="A different authentication level is required", acr_values="urn:mfa", max_age=300',
      );
      expect(await answer.json()).toMatchObject({ error: 'insufficient_user_authentication', status: 401 });
    },
  );

  it(`${requirement('RFC6750-3.1-invalid-token', 'invalid_token SHOULD be answered with 401')}, also when the token ended on the way`, async () => {
    const answer = await answerTo(refused('invalid_request', { subjectExpired: true }));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer error="invalid_token", error_description="The token has expired"',
    );
    expect((await answer.json()) as object).toMatchObject({ error: 'invalid_token', status: 401 });
  });

  it('the demand of a service further down is relayed as well', async () => {
    const answer = await answerTo(downstream(401, { stepUp: { acrValues: 'urn:mfa', scope: 'message.read' } }));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('acr_values="urn:mfa"');
    expect(answer.headers.get('www-authenticate')).not.toContain('message.read');
  });

  it('what the user has to do first is relayed outwards, to where the user is', async () => {
    const interaction = { uri: 'https://as.example/account/agents/assistant', scope: 'a.read' };
    const answer = await answerTo(refused('interaction_required', { interaction }));
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ error: 'interaction_required', interaction_uri: interaction.uri });
  });

  it("Entra's claims challenge is relayed in its own form", async () => {
    const claims = '{"access_token":{"polids":{"essential":true}}}';
    const answer = await answerTo(refused('interaction_required', { stepUp: { claims } }));
    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('error="insufficient_claims"');
    const [, encoded = ''] = /claims="([^"]+)"/.exec(challenge) ?? [];
    expect(Buffer.from(encoded, 'base64').toString()).toBe(claims);
  });
});
