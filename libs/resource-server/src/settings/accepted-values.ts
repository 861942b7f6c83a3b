import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** One or more non-empty names; an empty list would demand nothing where the reader sees a demand. */
export function names(setting: string, value: unknown, accepted: string): readonly string[] {
  const isName = (name: unknown): boolean => typeof name === 'string' && name !== '';
  if (Array.isArray(value) && value.length > 0 && value.every(isName)) return value as readonly string[];
  throw new ConfigurationError(setting, value, accepted);
}

/** A whole number within bounds. */
export function wholeNumber(setting: string, value: unknown, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw new ConfigurationError(setting, value, `a whole number from ${least} to ${most}`);
}

/** One of the values. */
export function oneOf<T extends string>(setting: string, value: unknown, values: readonly T[]): T {
  if (values.includes(value as T)) return value as T;
  throw new ConfigurationError(setting, value, values.join(' or '));
}
