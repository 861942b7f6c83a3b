const HOUR = 3600;
const DAY = 24 * HOUR;

/** How long a user lets an agent act. */
export interface ConsentLifetime {
  readonly name: 'hour' | 'day' | 'month' | 'year';
  readonly seconds: number;
}

const LIFETIMES: readonly ConsentLifetime[] = [
  { name: 'hour', seconds: HOUR },
  { name: 'day', seconds: DAY },
  { name: 'month', seconds: 30 * DAY },
  { name: 'year', seconds: 365 * DAY },
];

/** What a user can choose from. */
export function lifetimesUpTo(longest: number): readonly ConsentLifetime[] {
  return LIFETIMES.filter(({ seconds }) => seconds <= longest);
}
