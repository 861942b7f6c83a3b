import type { AccessTokenProfileName } from '@onbehalf/jwt-verification';
import { keycloak, onbehalf, springAuthorizationServer, type Preset } from '@onbehalf/token-exchange-client';

export const TOKEN_PROFILES = ['onbehalf', 'spring', 'keycloak'] as const;

export type TokenProfile = (typeof TOKEN_PROFILES)[number];

interface Product {
  /** The shape of the access tokens that are accepted. */
  readonly profile: AccessTokenProfileName;
  /** How the server wants to be asked for an exchange. */
  readonly preset: Preset;
  /** Whether the target is named by its audience; Spring knows scopes only. */
  readonly namesAudience: boolean;
}

/**
 * What one setting decides: the authorization server that this service lives with. message-service has the same file: each of the two
 * is an example to copy, whole without the other.
 */
export const PRODUCTS: Readonly<Record<TokenProfile, Product>> = {
  onbehalf: { profile: 'rfc9068', preset: onbehalf, namesAudience: true },
  spring: { profile: 'spring', preset: springAuthorizationServer, namesAudience: false },
  keycloak: { profile: 'keycloak', preset: keycloak, namesAudience: true },
};
