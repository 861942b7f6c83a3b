import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { KafkaContext, NatsContext, RmqContext, TcpContext } from '@nestjs/microservices';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import type { ExecutionContext } from '@nestjs/common';
import type { RequestFinder } from '@onbehalf/resource-server';
import { startTestServer } from '@onbehalf/testing';
import { onBehalfOf } from '../subject-token.js';
import { TokenExchangeService } from '../token-exchange.service.js';
import { carriedRequest } from './carried-request.js';
import { messageHeaders } from './message-headers.js';

function contextOf(rpc: unknown, type = 'rpc'): ExecutionContext {
  const context = new ExecutionContextHost(['payload', rpc]);
  context.setType(type);
  return context;
}

/** Headers as NATS gives them. */
class MsgHdrs {
  readonly #headers: Readonly<Record<string, readonly string[]>>;
  constructor(headers: Readonly<Record<string, readonly string[]>>) {
    this.#headers = headers;
  }
  get(name: string): string {
    return this.#headers[name]?.[0] ?? '';
  }
  values(name: string): readonly string[] {
    return this.#headers[name] ?? [];
  }
}

const metadata = new Metadata();
metadata.set('authorization', 'Bearer token');

const kafka = (headers: object) => new KafkaContext([{ headers }, 0, 'topic', {}, () => undefined, {}] as never);
const rabbit = (headers: object) => new RmqContext([{ properties: { headers } }, {}, 'pattern'] as never);

describe('carriedRequest', () => {
  it.each<[string, unknown]>([
    ['gRPC', metadata],
    ['NATS', new NatsContext(['subject', new MsgHdrs({ authorization: ['Bearer token'] })] as never)],
    ['Kafka, as bytes', kafka({ authorization: Buffer.from('Bearer token') })],
    ['Kafka, as text', kafka({ authorization: 'Bearer token' })],
    ['RabbitMQ', rabbit({ authorization: 'Bearer token' })],
  ])('finds the authorization of a message: %s', (_transport, rpc) => {
    const context = contextOf(rpc);
    expect(carriedRequest(context)).toEqual({
      headers: { authorization: 'Bearer token' },
      rawHeaders: ['authorization', 'Bearer token'],
    });
    expect(carriedRequest(context)).toBe(carriedRequest(contextOf(rpc)));
  });

  it('shows a repeated header to who must refuse it', () => {
    const repeated = kafka({ authorization: [Buffer.from('Bearer one'), Buffer.from('Bearer two')] });
    expect(carriedRequest(contextOf(repeated))?.rawHeaders.filter((text) => text.startsWith('Bearer'))).toHaveLength(2);
  });

  it.each<[string, unknown, string]>([
    ['HTTP', { headers: { authorization: 'Bearer token' } }, 'http'],
    ['TCP, which has no headers', new TcpContext([{}, 'pattern'] as never), 'rpc'],
    ['Kafka without headers', new KafkaContext([{}, 0, 'topic', {}, () => undefined, {}] as never), 'rpc'],
    ['nothing', undefined, 'rpc'],
  ])('finds none elsewhere: %s', (_transport, rpc, type) => {
    expect(carriedRequest(contextOf(rpc, type))).toBeUndefined();
  });

  it('is what the guard takes as its way to find a request', () => {
    const finder: RequestFinder = carriedRequest;
    expect(finder(contextOf(kafka({ authorization: 'Bearer token' })))?.headers.authorization).toBe('Bearer token');
  });

  it('does not take inherited members for headers', () => {
    expect(
      carriedRequest(contextOf(kafka(Object.create({ authorization: 'Bearer token' }) as object)))?.headers,
    ).toEqual({});
  });
});

describe('messageHeaders', () => {
  it.each([
    ['Bearer', { authorization: 'Bearer exchanged' }],
    ['DPoP', TypeError],
  ] as const)('a %s token', async (type, expected) => {
    const server = await startTestServer(() => ({
      body: {
        access_token: 'exchanged',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: type,
        expires_in: 300,
      },
    }));
    const messages = new TokenExchangeService({
      tokenEndpoint: `${server.url}/token`,
      clientAuthentication: { method: 'client_secret_basic', clientId: 'user-service', clientSecret: 's3cret' },
      ...(type === 'DPoP' && { dpop: true }),
    }).downstream({ name: 'message-service', audience: 'message-service' });
    const headers = onBehalfOf('subject', () => messageHeaders(messages));
    if (expected === TypeError) await expect(headers).rejects.toBeInstanceOf(TypeError);
    else expect(await headers).toEqual(expected);
    await server.close();
  });
});
