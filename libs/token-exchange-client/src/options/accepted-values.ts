import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** Shown in place of what may be a secret. */
const HIDDEN = '(hidden)';

/** Checks an absolute http(s) address; `http:` only for the own machine, unless allowed. */
export function checkUrl(setting: string, value: unknown, allowInsecureHttp = false): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new ConfigurationError(setting, value, 'an absolute https: address');
  }
  if (url.username || url.password || url.hash) {
    throw new ConfigurationError(setting, HIDDEN, 'an address without credentials and without a fragment');
  }
  if (url.protocol === 'http:' && !allowInsecureHttp && !isOwnMachine(url.hostname)) {
    throw new ConfigurationError(setting, value, 'an https: address, or http: together with allowInsecureHttp: true');
  }
}

function isOwnMachine(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

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

/** Refuses what is no option: a mistyped one would otherwise be ignored without a word. */
export function onlyKnown(prefix: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new ConfigurationError(prefix + unknown, 'not an option', known.join(', '));
}

/** Runs a check that throws for a value that is not right; never shows the value, it may be a secret. */
export function checkSecret(setting: string, check: () => unknown, accepted: string): void {
  try {
    check();
  } catch {
    throw new ConfigurationError(setting, HIDDEN, accepted);
  }
}
