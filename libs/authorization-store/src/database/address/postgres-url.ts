/** The parts of an address of PostgreSQL, which may name several servers: `postgres://user:password@one:5432,two:5432/database`. */
const PARTS =
  /^(?<scheme>postgres(?:ql)?:\/\/)(?:(?<user>[^:/?#]*)(?::(?<password>[^/?#]*))?@)?(?<servers>[^/?#@]*)(?<path>[^?#]*)(?:\?(?<query>[^#]*))?/;

/** What an address of PostgreSQL says, each part as it is written there. */
export interface PostgresUrl {
  readonly scheme: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Hosts with their ports; one that is empty for a socket. */
  readonly servers: readonly string[];
  readonly path: string;
  /** The parameters, `name=value`. */
  readonly parameters: readonly string[];
}

/** Reads an address. @returns `undefined` for none of PostgreSQL */
export function readPostgresUrl(url: string): PostgresUrl | undefined {
  const parts = PARTS.exec(url)?.groups;
  if (!parts || url === parts['scheme']) return undefined;
  return {
    scheme: parts['scheme']!,
    user: parts['user'],
    password: parts['password'],
    servers: parts['servers']!.split(','),
    path: parts['path']!,
    parameters: (parts['query'] ?? '').split('&').filter(Boolean),
  };
}

/** Writes an address. */
export function writePostgresUrl({ scheme, user, password, servers, path, parameters }: PostgresUrl): string {
  const person = user === undefined ? '' : `${user}${password === undefined ? '' : `:${password}`}@`;
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${scheme}${person}${servers.join(',')}${path}${query}`;
}

/** The value of a parameter, decoded as the driver does: a plus is a space. */
export function parameterOf({ parameters }: PostgresUrl, name: string): string | undefined {
  const found = parameters.find((parameter) => nameOf(parameter) === name);
  return found === undefined ? undefined : decodeURIComponent(found.slice(name.length + 1).replaceAll('+', ' '));
}

/** The address without these parameters. */
export function withoutParameters(url: PostgresUrl, ...names: readonly string[]): PostgresUrl {
  return { ...url, parameters: url.parameters.filter((parameter) => !names.includes(nameOf(parameter))) };
}

/** The password that an address holds, wherever it stands; `undefined` when it has none, or cannot be read. */
export function passwordIn(url: string): string | undefined {
  const read = readPostgresUrl(url);
  if (!read) return undefined;
  try {
    return (
      parameterOf(read, 'password') ?? (read.password === undefined ? undefined : decodeURIComponent(read.password))
    );
  } catch {
    // badly encoded: refused where the database is opened
    return undefined;
  }
}

/** An address without its password, wherever it stands; another address than one of PostgreSQL as it is. */
export function withoutPassword(url: string): string {
  const read = readPostgresUrl(url);
  return read ? writePostgresUrl(withoutParameters({ ...read, password: undefined }, 'password')) : url;
}

function nameOf(parameter: string): string {
  return parameter.split('=', 1)[0]!;
}
