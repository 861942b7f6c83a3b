import { asciiLowerCase } from '@onbehalf/oauth-protocol';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';

type Users = ServerConfig['users'];

/** The e-mail address that is registered for an account. */
export function emailOf(users: Users, subject: string): string | undefined {
  return users.find(({ username }) => username === subject)?.email;
}

/** The one account with an e-mail address; of several, none is meant. */
export function accountWith(users: Users, email: string): string | undefined {
  const address = asciiLowerCase(email);
  const named = users.filter((user) => user.email !== undefined && asciiLowerCase(user.email) === address);
  return named.length === 1 ? named[0]?.username : undefined;
}
