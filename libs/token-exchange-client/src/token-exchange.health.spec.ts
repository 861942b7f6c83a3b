import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { startTestServer } from '@onbehalf/testing';
import { TokenExchangeHealthIndicator, TokenExchangeModule } from './index.js';

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(TokenExchangeHealthIndicator) private readonly exchange: TokenExchangeHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check([() => this.exchange.check('token-exchange')]);
  }
}

describe('TokenExchangeHealthIndicator', () => {
  it('is read by Terminus: 503 while the authorization server cannot be found, 200 when it can', async () => {
    const server = await startTestServer(() => ({ status: 500 }));
    let now = 0;
    @Module({
      imports: [
        TerminusModule.forRoot({ logger: false }),
        TokenExchangeModule.forRoot({
          issuer: server.url,
          clientAuthentication: { method: 'none', clientId: 'user-service' },
          clocks: { wall: () => 1_800_000_000, monotonic: () => now },
        }),
      ],
      controllers: [HealthController],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    const health = async (): Promise<[number, HealthCheckResult]> => {
      const answer = await fetch(`${await app.getUrl()}/health`);
      return [answer.status, (await answer.json()) as HealthCheckResult];
    };

    expect(await health()).toMatchObject([503, { error: { 'token-exchange': { status: 'down' } } }]);
    server.answering = () => ({ body: { issuer: server.url, token_endpoint: `${server.url}/token` } });
    now += 1000;
    expect(await health()).toMatchObject([200, { info: { 'token-exchange': { status: 'up', cachedTokens: 0 } } }]);
    await app.close();
    await server.close();
  });
});
