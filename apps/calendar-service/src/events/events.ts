import { ApiProperty } from '@nestjs/swagger';

/** Something that stands in a calendar. */
export class CalendarEvent {
  @ApiProperty({ example: '09:30' })
  at!: string;

  @ApiProperty({ example: 'Stand-up' })
  title!: string;
}

const EVENTS: ReadonlyMap<string, readonly CalendarEvent[]> = new Map([
  [
    'bael',
    [
      { at: '09:30', title: 'Stand-up' },
      { at: '15:00', title: 'Tea with the token exchange group' },
    ],
  ],
]);

/** What stands in the calendar of a user, by the name that the user has here. */
export function eventsOf(user: string): readonly CalendarEvent[] {
  return EVENTS.get(user) ?? [];
}
