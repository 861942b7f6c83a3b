import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  context,
  metrics,
  propagation,
  trace,
  type BatchObservableResult,
  type MeterProvider,
  type Span,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { createTestIssuer, startTestServer, type TestIssuer, type TestServer } from '@onbehalf/testing';
import { TwoDomains } from '../across/two-domains.fixture.js';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import { messageHeaders } from '../microservices/message-headers.js';
import { observeCache } from './cache-instruments.js';

const exporter = new InMemorySpanExporter();
let issuer: TestIssuer;
let authorizationServer: TestServer;
let messageService: TestServer;
let service: TokenExchangeService;

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});
afterAll(() => {
  context.disable();
  propagation.disable();
  trace.disable();
});

beforeEach(async () => {
  exporter.reset();
  issuer = await createTestIssuer();
  authorizationServer = await startTestServer(async () => ({
    body: {
      access_token: await issuer.token({ act: { sub: 'user-service', act: { sub: 'client-app' } } }),
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    },
  }));
  messageService = await startTestServer(() => ({ body: 'hello' }));
  service = new TokenExchangeService({
    tokenEndpoint: `${authorizationServer.url}/token`,
    clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
  });
});
afterEach(() => Promise.all([authorizationServer.close(), messageService.close()]));

const client = () =>
  service.downstream({
    name: 'message-service',
    baseUrl: messageService.url,
    audience: 'message-service',
    scope: 'message.read',
  });

/** Runs work inside of a span, as the request of an instrumented server does. */
async function request<T>(work: () => Promise<T>): Promise<{ result: T; traceId: string }> {
  return trace.getTracer('test').startActiveSpan('request', async (span: Span) => {
    try {
      return { result: await work(), traceId: span.spanContext().traceId };
    } finally {
      span.end();
    }
  });
}

const spans = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name);

describe('spans', () => {
  it('tell audience, scope, cache result and actor depth of an exchange, and the outcome of the call', async () => {
    const messages = client();
    const subject = await issuer.token({ sub: 'baeldung' });
    await request(() => onBehalfOf(subject, () => messages.get('/message?of=baeldung')));
    await request(() => onBehalfOf(subject, () => messages.get('/message')));
    expect(spans('token exchange').map(({ attributes }) => attributes)).toEqual(
      ['exchanged', 'hit'].map((origin) => ({
        'onbehalf.grant': 'exchange',
        'onbehalf.audience': ['message-service'],
        'onbehalf.scope': 'message.read',
        'onbehalf.cache': origin,
        'onbehalf.actor_depth': 2,
      })),
    );
    expect(spans('GET message-service')[0]?.attributes).toEqual({
      'http.request.method': 'GET',
      'server.address': '127.0.0.1',
      'onbehalf.downstream': 'message-service',
      'onbehalf.mode': 'user',
      'http.response.status_code': 200,
    });
  });

  it('tell the other domain that an exchange goes on in, under one trace and without a token or a secret of either', async () => {
    const domains = await TwoDomains.open();
    const client = domains.client();
    const { traceId } = await request(() => domains.signedIn(() => client.get('/orders')));
    domains.behave('partner', () => ({ status: 400, body: { error: 'invalid_scope' } }));
    await request(() => domains.signedIn(() => domains.client().get('/orders')).catch(() => undefined));
    expect(spans('token exchange').map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({ 'onbehalf.domain': domains.url('partner'), 'onbehalf.cache': 'exchanged' }),
      expect.objectContaining({
        'onbehalf.domain': domains.url('partner'),
        'error.type': 'ExchangeRefused invalid_scope',
      }),
    ]);
    for (const place of ['home', 'partner', 'orders'] as const) {
      expect(domains.asked(place)[0]?.headers['traceparent']).toContain(traceId);
    }
    const told = JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    );
    for (const secret of domains.known.keys()) expect(told).not.toContain(secret);
    await domains.close();
  });

  it('hold no token, no secret and no query, neither in success nor in failure', async () => {
    const subject = await issuer.token({ sub: 'baeldung' });
    await request(() => onBehalfOf(subject, () => client().get('/message?of=baeldung')));
    authorizationServer.answering = () => ({
      status: 400,
      body: { error: 'invalid_request', error_description: `bad token ${subject}` },
    });
    await request(() => onBehalfOf(`${subject}x`, () => client().get('/')).catch(() => undefined));
    messageService.answering = () => ({ status: 500 });
    await request(() =>
      client()
        .asService()
        .get('/')
        .catch(() => undefined),
    );
    const told = JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    );
    expect(told).toContain('ExchangeRefused invalid_request');
    for (const secret of ['eyJ', 's3cret', 'baeldung', 'bad token']) expect(told).not.toContain(secret);
  });
});

describe('trace context', () => {
  it('travels along to the authorization server, the service and with messages, in one trace', async () => {
    const { result, traceId } = await request(() =>
      onBehalfOf('subject', async () => {
        await client().get('/message');
        return messageHeaders(client());
      }),
    );
    const carried = [authorizationServer, messageService].map(({ requests }) => requests[0]?.headers['traceparent']);
    for (const traceparent of [...carried, result['traceparent']]) expect(traceparent).toContain(`00-${traceId}-`);
    const [call] = spans('GET message-service');
    expect(carried[1]).toContain(call?.spanContext().spanId);
  });
});

describe('metrics', () => {
  it('count hits, misses, joined flights, refusals and bytes', async () => {
    const exchange = (audience: string) => service.exchange({ subjectToken: 'subject', audience });
    await Promise.all([exchange('one'), exchange('one'), exchange('two')]);
    await exchange('one');
    authorizationServer.answering = () => ({ status: 400, body: { error: 'invalid_target' } });
    await exchange('three').catch(() => undefined);
    await exchange('three').catch(() => undefined);
    const counted = service.cacheMetrics();
    expect(counted).toMatchObject({ hits: 1, misses: 3, joined: 1, negativeHits: 1, entries: 3, flights: 0 });
    expect(counted.bytes).toBeGreaterThan(3000);
  });

  it('are published under their names, and withdrawn', async () => {
    const published = new Map<string, number>();
    const callbacks = new Set<(result: BatchObservableResult) => void>();
    // no more of a meter than this library uses
    const meter = {
      createObservableCounter: (name: string) => ({ name }),
      createObservableGauge: (name: string) => ({ name }),
      addBatchObservableCallback: (callback: (result: BatchObservableResult) => void) => callbacks.add(callback),
      removeBatchObservableCallback: (callback: (result: BatchObservableResult) => void) => callbacks.delete(callback),
    };
    metrics.setGlobalMeterProvider({ getMeter: () => meter } as unknown as MeterProvider);
    await service.exchange({ subjectToken: 'subject', audience: 'one' });
    const stop = observeCache(() => service.cacheMetrics());
    metrics.disable();
    const observe = (instrument: { name: string }, value: number) => published.set(instrument.name, value);
    for (const callback of callbacks) callback({ observe } as unknown as BatchObservableResult);
    expect(published.get('onbehalf.exchange_cache.misses')).toBe(1);
    expect(published.get('onbehalf.exchange_cache.entries')).toBe(1);
    expect([...published.keys()]).toHaveLength(11);
    stop();
    expect(callbacks.size).toBe(0);
  });
});
