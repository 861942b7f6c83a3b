import { ConfigurationError } from '@onbehalf/oauth-protocol';

/** One mistake as itself and several as one error. Of one setting, or one variable that many settings refer to, the first says enough. */
export function allOf(mistakes: readonly ConfigurationError[]): Error {
  const first = new Map(mistakes.toReversed().map((mistake) => [mistake.setting, mistake]));
  const all = mistakes.filter((mistake) => first.get(mistake.setting) === mistake);
  return all.length === 1 ? all[0]! : new AggregateError(all, all.map(({ message }) => message).join('\n'));
}

/** The mistakes that an error of this kind tells. @throws any other error */
export function mistakesOf(error: unknown): readonly ConfigurationError[] {
  if (error instanceof ConfigurationError) return [error];
  if (error instanceof AggregateError) return error.errors as ConfigurationError[];
  throw error;
}

/** What has one place is in two. */
export function setTwice(setting: string, first: string): ConfigurationError {
  return new ConfigurationError(setting, 'set again', `one place for it; ${first} sets it`);
}

/** As {@link allOf} has it: `clients[0].redirectUris[1]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i ? '.' : ''}${String(step)}`)).join('');
}
