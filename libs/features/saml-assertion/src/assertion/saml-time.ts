import { rejection } from './assertion-rejection.js';
import { attributeOf } from './xml.js';

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * An attribute that holds a time, in seconds since the epoch; `undefined` when it is not there. SAML Core §1.3.3: in UTC.
 * @throws TokenRejection for anything else
 */
export function timeOf(element: Element, name: string): number | undefined {
  const value = attributeOf(element, name);
  if (value === undefined) return undefined;
  const time = DATE_TIME.test(value) ? Date.parse(value.replace(/(\.\d{3})\d+Z$/, '$1Z')) / 1000 : NaN;
  if (!Number.isFinite(time) || !isOfCalendar(value))
    throw rejection('malformed', `The assertion's ${name} is no time in UTC`);
  return time;
}

// Date takes the 30th of February for the 2nd of March, and 24:00 for the next day
function isOfCalendar(value: string): boolean {
  const seconds = value.slice(0, 19);
  return new Date(`${seconds}Z`).toISOString().startsWith(seconds);
}
