import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { SigningKeys } from '@onbehalf/authorization-server';
import { failureCode } from './failure-code.js';

/** Ready while tokens can be signed. */
@Injectable()
export class SigningKeysHealthIndicator {
  constructor(
    private readonly keys: SigningKeys,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(key);
    try {
      await this.keys.ready();
      return indicator.up();
    } catch (error) {
      return indicator.down(`the signer does not answer${failureCode((error as Error).cause)}`);
    }
  }
}
