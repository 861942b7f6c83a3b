import { ACCESS_TOKEN_PROFILES, LocalIssuerKeys, mediaSubtype, RemoteIssuerKeys } from '@onbehalf/jwt-verification';
import type { ForeignIssuer } from '@onbehalf/token-exchange';
import { accountWith } from '../accounts/email-address.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';

type Users = () => ServerConfig['users'];

/** The foreign issuers that a file trusts, with their keys: given, or fetched from the issuer when needed. */
export class ForeignIssuers {
  readonly #users: Users;
  #known = new Map<string, ForeignIssuer>();

  /** @param users who is registered at the moment */
  constructor(users: Users) {
    this.#users = users;
  }

  /** Those of this file. One that another file has named alike keeps the keys that were fetched. */
  of({ trustedIssuers }: Pick<ServerConfig, 'trustedIssuers'>): readonly ForeignIssuer[] {
    return trustedIssuers.map((trusted) => {
      const key = keyOf(trusted);
      const issuer = this.#known.get(key) ?? toForeignIssuer(trusted, this.#users);
      this.#known.set(key, issuer);
      return issuer;
    });
  }

  /** Forgets all but those of this file, with their keys. */
  keep({ trustedIssuers }: Pick<ServerConfig, 'trustedIssuers'>): void {
    const named = new Set(trustedIssuers.map(keyOf));
    for (const key of this.#known.keys()) if (!named.has(key)) this.#known.delete(key);
  }
}

const keyOf = (trusted: ServerConfig['trustedIssuers'][number]): string => JSON.stringify(trusted);

function toForeignIssuer(
  { jwks, jwksUri, types, profile, subject, ...stated }: ServerConfig['trustedIssuers'][number],
  users: Users,
): ForeignIssuer {
  return {
    ...stated,
    keys: jwks ? new LocalIssuerKeys(jwks) : new RemoteIssuerKeys({ issuer: stated.issuer, jwksUri }),
    // as a typ header is compared
    types: types?.map((type) => mediaSubtype(type) ?? type),
    ...(profile && { profile: ACCESS_TOKEN_PROFILES[profile] }),
    subject: subject?.claim === 'email' ? { ...subject, accountOf: (email) => accountWith(users(), email) } : subject,
  };
}
