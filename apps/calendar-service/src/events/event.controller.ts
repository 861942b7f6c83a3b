import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';
import type { VerifiedAccessToken } from '@onbehalf/jwt-verification';
import { AccessToken, Scopes } from '@onbehalf/resource-server';
import { CalendarEvent, eventsOf } from './events.js';

class Calendar {
  @ApiProperty({ description: 'The user, by the name that the user has here', example: 'bael' })
  user!: string;

  @ApiProperty({ type: [CalendarEvent] })
  events!: readonly CalendarEvent[];

  @ApiProperty({ description: 'The client that the user has let in; who acts for the user, this provider cannot tell' })
  client!: string;
}

/** The calendar of the user that the token speaks of. */
@Controller('events')
export class EventController {
  @Get()
  @Scopes('calendar.read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'What stands in the calendar of the user that the token speaks of' })
  @ApiOkResponse({ type: Calendar })
  events(@AccessToken() { subject, clientId }: VerifiedAccessToken): Calendar {
    return { user: subject, events: eventsOf(subject), client: clientId };
  }
}
