import { Injectable } from '@nestjs/common';
import { currentTraceId } from '@onbehalf/service-host';
import type { Request } from 'express';
import type { AuditRecord } from '../run/run.js';
import { activityPage, toRecord } from './activity.js';
import { MeClient } from './me.client.js';

/** As many as one page has: more than one request of this app leads to. */
const LATEST = 100;

/** What the authorization server has written down of this user's exchanges. */
@Injectable()
export class ActivityRecords {
  constructor(private readonly me: MeClient) {}

  /** The latest that were issued, and those refused within this request, the newest first; none where the server tells nothing. */
  async latest(request: Request): Promise<readonly AuditRecord[]> {
    if (!(await this.me.isThere())) return [];
    const { activity } = await this.me.get(request, `/activity?limit=${LATEST}`, activityPage);
    const traceId = currentTraceId();
    return activity.map(toRecord).filter((record) => record.outcome === 'issued' || record.traceId === traceId);
  }
}
