import { Injectable } from '@nestjs/common';
import { InjectDownstream, type DownstreamClient } from '@onbehalf/token-exchange-client';
import { z } from 'zod';
import type { Found, Step } from './step.js';

const events = z.object({ events: z.array(z.object({ at: z.string(), title: z.string() })) });

/**
 * What the user's calendar at another provider says, with the provider's own token: the authorization server keeps the linked account, and
 * hands out the token by exchange. It names nobody who acts; the exchange is on record with the agent.
 */
@Injectable()
export class CalendarStep implements Step {
  readonly about = 'calendar';

  constructor(@InjectDownstream('calendar') private readonly calendar: DownstreamClient) {}

  async run(): Promise<Found> {
    const { events: found } = await this.calendar.get('/events', { schema: events });
    const text = found.map(({ at, title }) => `${at} ${title}`).join(', ') || 'nothing';
    return { text, hops: [] };
  }
}
