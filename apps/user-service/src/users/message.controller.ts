import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiResponse } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, Scopes } from '@onbehalf/resource-server';
import { InjectDownstream, type DownstreamClient } from '@onbehalf/token-exchange-client';
import { z } from 'zod';
import { seen, TokenSeen, tokenSeen } from '../token-seen.js';

const answerOfMessageService = z.object({ message: z.string(), hops: z.array(tokenSeen) });

class UserMessage {
  @ApiProperty({ example: 'Hello Baeldung!' })
  message!: string;

  @ApiProperty({ description: 'The token of each hop, as the service that accepted it saw it', type: [TokenSeen] })
  hops!: TokenSeen[];
}

/** The message of the user, fetched from message-service on the user's behalf. */
@Controller('user/message')
export class MessageController {
  constructor(@InjectDownstream('message-service') private readonly messages: DownstreamClient) {}

  @Get()
  @Scopes('user.read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The message of the user, from message-service on the user’s behalf' })
  @ApiOkResponse({ type: UserMessage })
  @ApiResponse({ status: 502, description: 'message-service cannot be reached, or refused (application/problem+json)' })
  @ApiResponse({ status: 503, description: 'The authorization server cannot be reached' })
  async message(@AccessToken() token: VerifiedAccessToken): Promise<UserMessage> {
    const { message, hops } = await this.messages.get('/message', { schema: answerOfMessageService });
    return { message, hops: [seen('user-service', token), ...hops] };
  }
}
