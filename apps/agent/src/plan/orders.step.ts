import { Injectable } from '@nestjs/common';
import { InjectDownstream, type DownstreamClient } from '@onbehalf/token-exchange-client';
import { z } from 'zod';
import type { Found, Step } from './step.js';

const answerOfOrderService = z.object({
  orders: z.array(z.object({ item: z.string() })),
  claims: z.record(z.string(), z.unknown()),
});

/**
 * What the user has ordered at another company. The own authorization server gives a grant for that company's, as far as the user allows
 * the agent; the agent is named in it, and known as one there.
 */
@Injectable()
export class OrdersStep implements Step {
  readonly about = 'orders';

  constructor(@InjectDownstream('order-service') private readonly orderService: DownstreamClient) {}

  async run(): Promise<Found> {
    const { orders, claims } = await this.orderService.get('/orders', { schema: answerOfOrderService });
    const text = orders.map(({ item }) => item).join(', ') || 'nothing';
    return { text, hops: [{ service: 'order-service', claims }] };
  }
}
