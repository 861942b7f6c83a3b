import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { AuthorizationServer } from './authorization-server.js';

/** Down until the authorization server's metadata is known: nobody can log in before. */
@Injectable()
export class AuthorizationServerHealth {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly health: HealthIndicatorService,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    try {
      await this.server.configuration();
      return this.health.check(key).up();
    } catch {
      return this.health.check(key).down('The metadata of the authorization server is unavailable');
    }
  }
}
