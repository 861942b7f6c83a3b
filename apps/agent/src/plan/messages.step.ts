import { Injectable } from '@nestjs/common';
import { InjectDownstream, type DownstreamClient } from '@onbehalf/token-exchange-client';
import { z } from 'zod';
import type { Found, Step } from './step.js';

const answerOfUserService = z.object({ message: z.string(), hops: z.array(z.unknown()) });

/** The message of the user, which user-service fetches from message-service. */
@Injectable()
export class MessagesStep implements Step {
  readonly about = 'messages';

  constructor(@InjectDownstream('user-service') private readonly users: DownstreamClient) {}

  async run(): Promise<Found> {
    const { message: text, hops } = await this.users.get('/user/message', { schema: answerOfUserService });
    return { text, hops };
  }
}
