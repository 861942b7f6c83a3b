import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { SharedRecords } from './shared-records.js';

/** Milliseconds between two writes that only prove that the database takes them. */
const WRITE_EVERY = 5_000;

/** Down while the store of sessions does not answer, or takes nothing that is written: nobody can log in then. */
@Injectable()
export class RecordsHealth {
  constructor(
    private readonly records: SharedRecords,
    private readonly health: HealthIndicatorService,
  ) {}

  async check(key: string): Promise<HealthIndicatorResult> {
    try {
      await this.records.add('key', 'ready', '', WRITE_EVERY);
      return this.health.check(key).up();
    } catch {
      return this.health.check(key).down('The store of sessions does not answer, or takes nothing that is written');
    }
  }
}
