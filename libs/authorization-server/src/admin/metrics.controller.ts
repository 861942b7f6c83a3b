import { Controller, Get, Res, UseGuards } from '@nestjs/common';
import type { Response } from 'express';
import { OperatorGuard, OperatorScope } from './operator.guard.js';
import { ServerMetrics } from '../metrics/server-metrics.js';

/**
 * The metrics, for a scraper with a token of scope `metrics.read`: they tell which clients call what, and when, which is
 * nobody else's business. Prometheus fetches such a token by itself.
 */
@Controller('metrics')
@UseGuards(OperatorGuard)
export class MetricsController {
  constructor(private readonly metrics: ServerMetrics) {}

  @Get()
  @OperatorScope('metrics.read')
  async show(@Res() response: Response): Promise<void> {
    const text = await this.metrics.expose();
    response.set({ 'content-type': this.metrics.contentType, 'cache-control': 'no-store' }).end(text);
  }
}
