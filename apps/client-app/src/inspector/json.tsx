import type { VNode } from '@onbehalf/html';

/** Characters of JSON that fit on one line. */
const SHORT = 48;
const DATES = ['iat', 'exp', 'nbf', 'auth_time'];

/** A value of a claim, as text. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value;
  const short = JSON.stringify(value);
  return short === undefined || short.length <= SHORT ? String(short) : JSON.stringify(value, null, 2);
}

/** What a number means where it is a time. */
export function Time({ name, value }: { readonly name: string; readonly value: unknown }): VNode | null {
  if (!DATES.includes(name) || typeof value !== 'number' || Math.abs(value) > 1e11) return null;
  const iso = new Date(value * 1000).toISOString();
  return (
    <time class="time" dateTime={iso}>
      {iso.replace('T', ' ').replace('.000Z', ' UTC')}
    </time>
  );
}
