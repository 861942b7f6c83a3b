import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import type { Actor } from '@onbehalf/oauth-protocol';
import { AccessToken, CurrentActor, Scopes } from '@onbehalf/resource-server';
import { InjectDownstream, type DownstreamClient } from '@onbehalf/token-exchange-client';
import { z } from 'zod';
import { seen, TokenSeen, tokenSeen } from '../token-seen.js';
import { messageFor } from './message-for.js';

const profileOfUserService = z.object({ subject: z.string(), name: z.string(), hops: z.array(tokenSeen) });

class Message {
  @ApiProperty({ example: 'Hello Baeldung!' })
  message!: string;

  @ApiProperty({ description: 'The token of each hop, as the service that accepted it saw it', type: [TokenSeen] })
  hops!: TokenSeen[];
}

/** The message of the user that the token speaks of, with the name that user-service knows the user by. */
@Controller('message')
export class MessageController {
  constructor(@InjectDownstream('user-service') private readonly users: DownstreamClient) {}

  @Get()
  @Scopes('message.read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The message of the user that the token speaks of' })
  @ApiOkResponse({ type: Message })
  @ApiResponse({ status: 502, description: 'user-service cannot be reached, or refused (application/problem+json)' })
  @ApiResponse({ status: 503, description: 'The authorization server cannot be reached' })
  async message(@AccessToken() token: VerifiedAccessToken, @CurrentActor() actor: Actor | undefined): Promise<Message> {
    const { name, hops } = await this.users.get('/user/profile', { schema: profileOfUserService });
    return { message: messageFor(name, actor), hops: [seen('message-service', token), ...hops] };
  }
}
