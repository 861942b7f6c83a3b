import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it, jest } from '@jest/globals';
import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { compareReadme } from '@onbehalf/testing-internal';

@Injectable()
class AuthorizationServerHealthIndicator {
  constructor(private readonly health: HealthIndicatorService) {}
  check(key: string): HealthIndicatorResult {
    return this.health.check(key).up();
  }
}

@Module({})
class AppModule {
  static readonly settings: unknown[] = [];
  static with(settings: { ISSUER: string }): DynamicModule {
    this.settings.push(settings);
    return { module: AppModule, providers: [AuthorizationServerHealthIndicator] };
  }
}

// #region app
import { httpUrl, startApp } from '@onbehalf/service-host';
import { z } from 'zod';

const main = () =>
  startApp({
    name: 'user-service',
    defaultPort: 8081,
    environment: z.object({ ISSUER: httpUrl().default('http://localhost:9001') }),
    module: (settings) => AppModule.with(settings),
    readiness: { 'authorization-server': AuthorizationServerHealthIndicator },
    openApi: { title: 'user-service', description: 'Messages of the signed-in user', version: '1' },
  });
// #endregion

const listeners = process.listeners('SIGTERM');

it('the examples of the README are those tested here', () => {
  expect(compareReadme(import.meta.url)).toEqual({ notQuoted: [], notTested: [] });
});

it('starts, answers whether it is ready, and ends on SIGTERM', async () => {
  const port = await freePort();
  Object.assign(process.env, { PORT: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'silent' });
  const exit = Promise.withResolvers<number>();
  const leaving = jest.spyOn(process, 'exit').mockImplementation(((code: number) => exit.resolve(code)) as never);
  await main();
  const ready = await fetch(`http://127.0.0.1:${port}/health/ready`);
  expect([ready.status, AppModule.settings]).toMatchObject([200, [{ ISSUER: 'http://localhost:9001' }]]);
  for (const stop of process.listeners('SIGTERM')) if (!listeners.includes(stop)) stop('SIGTERM');
  expect(await exit.promise).toBe(0);
  leaving.mockRestore();
}, 60_000);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
