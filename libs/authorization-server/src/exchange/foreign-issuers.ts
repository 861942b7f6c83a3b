import { ACCESS_TOKEN_PROFILES, LocalIssuerKeys, mediaSubtype, RemoteIssuerKeys } from '@onbehalf/jwt-verification';
import type { ForeignIssuer } from '@onbehalf/token-exchange';
import type { JSONWebKeySet } from 'jose';
import { accountWith } from '../accounts/email-address.js';
import type { ServerConfig } from '../configuration/schema/server-config.schema.js';

type Users = () => ServerConfig['users'];

/**
 * The foreign issuers that the configuration trusts, with their keys: given, or fetched from the issuer when needed.
 * @param users who is registered at the moment
 */
export function toForeignIssuers({ trustedIssuers }: ServerConfig, users: Users): readonly ForeignIssuer[] {
  return trustedIssuers.map(({ jwks, jwksUri, types, profile, subject, ...stated }) => ({
    ...stated,
    keys: jwks ? new LocalIssuerKeys(jwks as JSONWebKeySet) : new RemoteIssuerKeys({ issuer: stated.issuer, jwksUri }),
    // as a typ header is compared
    types: types?.map((type) => mediaSubtype(type) ?? type),
    ...(profile && { profile: ACCESS_TOKEN_PROFILES[profile] }),
    subject: subject?.claim === 'email' ? { ...subject, accountOf: (email) => accountWith(users(), email) } : subject,
  }));
}
