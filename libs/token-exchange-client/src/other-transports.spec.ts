import { EventEmitter } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Logger, Module, type INestMicroservice } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ClientProxyFactory, MessagePattern, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { DownstreamUnavailable } from './downstream/downstream-errors.js';
import { DownstreamExceptionFilter } from './downstream-exception.filter.js';
import { ExchangeRefused } from './tokens/exchange-errors.js';

const loggedOut = new ExchangeRefused({
  error: 'invalid_request',
  description: 'Invalid token',
  status: 400,
  about: 'subject-token',
});
const forbidden = new ExchangeRefused({ error: 'access_denied', description: 'not for you', status: 400 });
const resting = new DownstreamUnavailable('messages', 'status', 503, 7);
let failWith: Error;

afterEach(() => {
  jest.restoreAllMocks();
});

const REFUSALS = [
  [loggedOut, { error: 'invalid_token', statusCode: 401, code: 16, message: 'The token is no longer accepted' }],
  [forbidden, { error: 'access_denied', statusCode: 403, code: 7 }],
  [resting, { error: 'temporarily_unavailable', statusCode: 503, code: 14 }],
] as const;

@Controller()
class FailingController {
  @MessagePattern('fail')
  fail(): never {
    throw failWith;
  }
}

@Module({
  controllers: [FailingController],
  providers: [{ provide: APP_FILTER, useClass: DownstreamExceptionFilter }],
})
class FailingModule {}

describe('messages', () => {
  it('the caller is told its reaction, as a type and not as "Internal server error"', async () => {
    const port = await freePort();
    const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port } } as const;
    const app: INestMicroservice = await NestFactory.createMicroservice<MicroserviceOptions>(FailingModule, {
      ...options,
      logger: false,
    });
    await app.listen();
    const client = ClientProxyFactory.create(options);
    for (const [error, refusal] of REFUSALS) {
      failWith = error;
      const told: unknown = await firstValueFrom(client.send('fail', {})).catch((reason: unknown) => reason);
      expect(told).toMatchObject({ status: 'error', ...refusal });
      expect(JSON.stringify(told)).not.toMatch(/Invalid token|not for you|messages/);
    }
    client.close();
    await app.close();
  });
});

/** What the filter makes of an error in a context of this kind. */
function catchIn(type: string, args: unknown[], error: Error): unknown {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  const host = new ExecutionContextHost(args);
  host.setType(type);
  const filter = new DownstreamExceptionFilter({ httpAdapter: undefined } as never);
  return filter.catch(error, host);
}

describe('WebSockets', () => {
  it.each(REFUSALS)('%s, over socket.io', (error, refusal) => {
    const client = new EventEmitter();
    const told: unknown[] = [];
    client.on('exception', (data) => told.push(data));
    catchIn('ws', [client, {}], error);
    expect(told).toEqual([expect.objectContaining({ status: 'error', ...refusal })]);
  });

  it.each(REFUSALS)('%s, over ws', (error, refusal) => {
    const sent: string[] = [];
    const client = Object.assign(new EventEmitter(), { readyState: 1, send: (text: string) => sent.push(text) });
    catchIn('ws', [client, {}], error);
    expect(sent.map((text): unknown => JSON.parse(text))).toEqual([
      { event: 'exception', data: expect.objectContaining({ status: 'error', ...refusal }) },
    ]);
  });
});

describe('GraphQL', () => {
  it.each([
    [loggedOut, 'UNAUTHENTICATED'],
    [forbidden, 'FORBIDDEN'],
    [resting, 'SERVICE_UNAVAILABLE'],
  ])('%s is %s in the extensions, where clients look', (error, code) => {
    expect(() => catchIn('graphql', [], error)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code }) as unknown }),
    );
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
