import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** Shown in place of what may be a secret. */
const HIDDEN = '(hidden)';

/** Requires a text that is not empty; never shows it, it may be a secret. */
export function requireText(setting: string, value: unknown, accepted: string): void {
  if (typeof value === 'string' && value.trim() !== '') return;
  throw new ConfigurationError(setting, value === undefined || value === '' ? value : HIDDEN, accepted);
}

/** Checks a number that may be left out. */
export function checkNumber(setting: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isFinite(value) && value >= min && value <= max)) return;
  throw new ConfigurationError(
    setting,
    Number.isFinite(value) ? value : String(value),
    `a number from ${min} to ${max}`,
  );
}

/** Runs a check that throws for a value that is not right; never shows the value, it may be a secret. */
export function checkSecret(setting: string, check: () => unknown, accepted: string): void {
  try {
    check();
  } catch {
    throw new ConfigurationError(setting, HIDDEN, accepted);
  }
}
