import { ConfigurationError, isLoopbackUrl, isShippedSecret } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../schema/server-config.schema.js';

type Credentials = Pick<ServerConfig, 'clients' | 'users'>;

/** The clients and users that are let in by a secret or password that ships with the project, as settings. */
export function shippedCredentials({ clients, users }: Credentials): string[] {
  const letsIn = (enabled: boolean, secret = ''): boolean => enabled && isShippedSecret(secret);
  return [
    ...clients.flatMap(({ secret, enabled }, i) => (letsIn(enabled, secret) ? [`clients[${i}].secret`] : [])),
    ...users.flatMap(({ passwordHash, enabled }, i) =>
      letsIn(enabled, passwordHash) ? [`users[${i}].passwordHash`] : [],
    ),
  ];
}

/** Everybody knows what ships with the project: it keeps nobody out, except from this machine. */
export function shippedMistakes(config: Credentials, issuer: string, file: string): ConfigurationError[] {
  const accepted = `one of your own for ${issuer}: this one ships with Onbehalf`;
  const settings = isLoopbackUrl(issuer) ? [] : shippedCredentials(config);
  return settings.map((setting) => new ConfigurationError(`${file}: ${setting}`, '(hidden)', accepted));
}

/**
 * As {@link shippedMistakes}.
 * @throws ConfigurationError for the first of them
 */
export function checkShippedCredentials(config: Credentials, issuer: string, file: string): void {
  const [first] = shippedMistakes(config, issuer, file);
  if (first) throw first;
}

/**
 * A default in the place of a variable that nobody has set: known to everybody when it is a secret, and of no use to anybody else
 * when it leads to this machine.
 * @param setting where it stands, and how mistakes name that
 * @throws ConfigurationError
 */
export function checkForgottenDefault(
  variable: string,
  value: string,
  { path, name }: { readonly path: string; readonly name: string },
  issuer: string,
): void {
  if (isLoopbackUrl(issuer)) return;
  const isSecret = /\.(secret|clientSecret|passwordHash)$/.test(path);
  if (!isSecret && !(URL.canParse(value) && isLoopbackUrl(value))) return;
  throw new ConfigurationError(
    variable,
    undefined,
    `a value for ${issuer}, because ${name} would be the one of the demo`,
  );
}
