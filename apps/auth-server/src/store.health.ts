import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { AuthorizationStore, ClocksDiffer } from '@onbehalf/authorization-store';
import { failureCode } from './failure-code.js';

/** Ready while the database answers, takes what is written, and has about the same time. */
@Injectable()
export class StoreHealthIndicator {
  constructor(
    private readonly store: AuthorizationStore,
    private readonly indicators: HealthIndicatorService,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    const indicator = this.indicators.check(key);
    try {
      await this.store.check();
      return indicator.up();
    } catch (error) {
      if (error instanceof ClocksDiffer) return indicator.down(error.message);
      return indicator.down(`the database does not answer${failureCode(error)}`);
    }
  }
}
