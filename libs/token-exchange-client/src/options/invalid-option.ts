/** A mistake in the configuration: names the setting, what was given (never a secret) and what is accepted. */
export class InvalidOption extends Error {
  constructor(
    readonly setting: string,
    readonly given: string,
    readonly accepted: string,
  ) {
    super(`TokenExchangeModule: ${setting} is ${given}; accepted: ${accepted}`);
    this.name = 'InvalidOption';
  }
}

/** A value for {@link InvalidOption}, short and on one line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === '') return 'empty';
  const text = typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? typeof value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
