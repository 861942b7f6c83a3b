import type { JWTPayload } from 'jose';
import { rfc9068Profile, type AccessTokenProfile } from './access-token-profile.js';

/** Claims of ID tokens (OpenID Connect Core §2, §3.3.2.11) and of logout tokens that access tokens never carry. */
const FOREIGN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'] as const;

const hasForeignClaim = (claims: JWTPayload): boolean => FOREIGN_CLAIMS.some((name) => Object.hasOwn(claims, name));

/** Keycloak: `typ: JWT` in the header for every kind, and the kind in a claim of the same name; client in `azp`. */
export const keycloakProfile: AccessTokenProfile = {
  name: 'keycloak',
  types: ['jwt', 'at+jwt'],
  clientId: ['azp', 'client_id'],
  scope: ['scope'],
  scopeFormat: 'string',
  jwtId: 'jti',
  required: ['typ'],
  isAccessToken: ({ typ }) => typ === 'Bearer' || typ === 'DPoP',
};

/** Auth0's own token dialect: `typ: JWT`, client in `azp`, no `jti`. For its RFC 9068 dialect use {@link rfc9068Profile}. */
export const auth0Profile: AccessTokenProfile = {
  name: 'auth0',
  types: ['jwt', 'at+jwt'],
  clientId: ['azp', 'client_id'],
  scope: ['scope'],
  scopeFormat: 'string',
  required: [],
  isAccessToken: (claims) => !hasForeignClaim(claims),
};

/**
 * Microsoft Entra ID, both token versions: client in `azp` (2.0) or `appid` (1.0), delegated permissions in `scp`,
 * application permissions in `roles`, identifier in `uti`. ID tokens may have the same audience but neither permission claim.
 */
export const entraProfile: AccessTokenProfile = {
  name: 'entra',
  types: ['jwt'],
  clientId: ['azp', 'appid'],
  scope: ['scp'],
  scopeFormat: 'string',
  jwtId: 'uti',
  required: ['ver'],
  isAccessToken: (claims) =>
    !hasForeignClaim(claims) && (Object.hasOwn(claims, 'scp') || Object.hasOwn(claims, 'roles')),
};

/** Okta: no `typ` header, client in `cid`, scopes as a list in `scp`. ID tokens have no `cid`. */
export const oktaProfile: AccessTokenProfile = {
  name: 'okta',
  types: ['', 'jwt', 'at+jwt'],
  clientId: ['cid'],
  scope: ['scp'],
  scopeFormat: 'list',
  jwtId: 'jti',
  required: ['ver'],
  isAccessToken: (claims) => !hasForeignClaim(claims),
};

/** The profiles that can be chosen by name. */
export const ACCESS_TOKEN_PROFILES = {
  rfc9068: rfc9068Profile,
  keycloak: keycloakProfile,
  auth0: auth0Profile,
  entra: entraProfile,
  okta: oktaProfile,
} as const;

export type AccessTokenProfileName = keyof typeof ACCESS_TOKEN_PROFILES;
