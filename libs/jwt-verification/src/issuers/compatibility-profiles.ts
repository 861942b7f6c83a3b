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
  roles: [['realm_access', 'roles']],
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
  roles: [['permissions']],
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
  roles: [['roles']],
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
  roles: [['groups']],
  required: ['ver'],
  isAccessToken: (claims) => !hasForeignClaim(claims),
};

/**
 * Spring Authorization Server as it is set up by default: no `typ`, scopes as a list, and the client alone in `aud`, so that its
 * tokens are for no service until an `OAuth2TokenCustomizer` says for which. Its ID tokens lack `nbf` and have `azp` or `sid`.
 */
export const springProfile: AccessTokenProfile = {
  name: 'spring',
  types: ['', 'jwt', 'at+jwt'],
  clientId: ['client_id', 'aud'],
  scope: ['scope'],
  scopeFormat: 'either',
  jwtId: 'jti',
  roles: [['roles']],
  required: ['nbf'],
  isAccessToken: (claims) => !hasForeignClaim(claims) && !Object.hasOwn(claims, 'azp') && !Object.hasOwn(claims, 'sid'),
};

/**
 * Amazon Cognito: no `aud` unless the client asked for a resource, so the client stands for whom the token is for, and the
 * `audience` of a service lists the app clients that it serves. The kind is in `token_use`.
 */
export const cognitoProfile: AccessTokenProfile = {
  name: 'cognito',
  types: ['', 'jwt'],
  clientId: ['client_id'],
  audience: ['aud', 'client_id'],
  scope: ['scope'],
  scopeFormat: 'string',
  jwtId: 'jti',
  roles: [['cognito:groups']],
  required: ['token_use'],
  isAccessToken: (claims) => claims['token_use'] === 'access' && !hasForeignClaim(claims),
};

/**
 * Supabase Auth: session tokens for `aud: authenticated`, which name neither client nor token. The audience stands for the
 * client, because all applications of a project are one to it; tokens for third parties have `client_id`.
 */
export const supabaseProfile: AccessTokenProfile = {
  name: 'supabase',
  types: ['jwt', 'at+jwt'],
  clientId: ['client_id', 'aud'],
  scope: ['scope'],
  scopeFormat: 'string',
  roles: [['role']],
  required: ['role', 'session_id'],
  isAccessToken: (claims) => !hasForeignClaim(claims),
};

/** The profiles that can be chosen by name. */
export const ACCESS_TOKEN_PROFILES = {
  rfc9068: rfc9068Profile,
  keycloak: keycloakProfile,
  auth0: auth0Profile,
  entra: entraProfile,
  okta: oktaProfile,
  spring: springProfile,
  cognito: cognitoProfile,
  supabase: supabaseProfile,
} as const;

/** The name of a profile. */
export type AccessTokenProfileName = keyof typeof ACCESS_TOKEN_PROFILES;
