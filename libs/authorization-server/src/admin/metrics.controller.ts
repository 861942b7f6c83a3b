import { Get, Res, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import type { Response } from 'express';
import { ServerMetrics } from '../metrics/server-metrics.js';
import { ServerController } from '../pages/server-controller.decorator.js';

/**
 * The metrics, for a scraper with a token of scope `metrics.read`: they tell which clients call what, and when, which is
 * nobody else's business. Prometheus fetches such a token by itself.
 */
@ServerController('metrics')
@UseGuards(AccessTokenGuard)
export class MetricsController {
  constructor(private readonly metrics: ServerMetrics) {}

  @Get()
  @Scopes('metrics.read')
  async show(@Res() response: Response): Promise<void> {
    const text = await this.metrics.expose();
    response.set({ 'content-type': this.metrics.contentType, 'cache-control': 'no-store' }).end(text);
  }
}
