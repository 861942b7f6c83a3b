import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, Scopes } from '@onbehalf/resource-server';
import { Order, ordersOf } from './orders.js';

class Orders {
  @ApiProperty({ description: 'The user, by the name that the user has here', example: 'b.aeldung' })
  user!: string;

  @ApiProperty({ type: [Order] })
  orders!: readonly Order[];

  @ApiProperty({
    description: 'Who asks, the nearest first, each with the domain that it belongs to where that is another',
    example: ['onbehalf-client-app', 'client-app of http://localhost:9001'],
  })
  askedBy!: readonly string[];

  @ApiProperty({ description: 'The decoded claims of the token', type: 'object', additionalProperties: true })
  claims!: Record<string, unknown>;
}

/** The orders of the user that the token speaks of. */
@Controller('orders')
export class OrderController {
  @Get()
  @Scopes('order.read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The orders of the user that the token speaks of' })
  @ApiOkResponse({ type: Orders })
  orders(@AccessToken() { issuer, subject, actors, claims }: VerifiedAccessToken): Orders {
    const askedBy = actors.map(({ sub, iss }) => (iss === undefined || iss === issuer ? sub : `${sub} of ${iss}`));
    return { user: subject, orders: ordersOf(subject), askedBy, claims };
  }
}
