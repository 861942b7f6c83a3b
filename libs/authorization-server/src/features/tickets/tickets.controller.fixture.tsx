import { Get, Header, Inject, Param, UseGuards } from '@nestjs/common';
import { FEATURE_PARTS, page, pagePolicy, ServerController, type FeatureParts } from '@onbehalf/authorization-server';
import { AccessTokenGuard, Scopes } from '@onbehalf/resource-server';
import { ticketTable, type TicketSettings } from './ticket-table.fixture.js';

/** A page for whoever holds a ticket, and for operators what a client has sold. */
@ServerController('tickets')
export class TicketsController {
  constructor(@Inject(FEATURE_PARTS) private readonly parts: FeatureParts<TicketSettings>) {}

  @Get(':number')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', pagePolicy())
  async show(@Param('number') number: string): Promise<string> {
    const ticket = await this.parts.tables(ticketTable).find({ number });
    return page('Ticket', <p>{ticket ? `Sold by ${ticket.client}` : 'There is no such ticket'}</p>);
  }

  @Get('of/:client')
  @UseGuards(AccessTokenGuard)
  @Scopes('tickets.read')
  async list(@Param('client') client: string): Promise<object> {
    const sold = await this.parts.tables(ticketTable).list({ client });
    return { tickets: sold.map(({ number, expires_at }) => ({ number, expires_at })) };
  }
}
