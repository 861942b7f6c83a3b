import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { AuthorizationStore } from '@onbehalf/authorization-store';

/** Ready while the database answers. */
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
      return indicator.down(`the database does not answer${reason(error)}`);
    }
  }
}

/** The code of a failure, such as ECONNREFUSED or an SQLSTATE: its text may name hosts and users. */
function reason(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^\w+$/.test(code) ? ` (${code})` : '';
}
