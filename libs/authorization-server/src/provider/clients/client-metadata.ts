import { GrantType } from '@onbehalf/oauth-protocol';
import type { ClientMetadata } from 'oidc-provider';
import type { ClientConfig } from '../../configuration/schema/server-config.schema.js';
import { OWN_SCOPES } from '../../configuration/own/own-scopes.js';

/** A registered client in the words of the provider. OpenID Connect Dynamic Client Registration §2. */
export function toClientMetadata(client: ClientConfig): ClientMetadata {
  const byCode = client.grantTypes.includes(GrantType.AuthorizationCode);
  return {
    client_id: client.clientId,
    client_secret: client.secret,
    token_endpoint_auth_method: client.authentication,
    jwks: client.jwks,
    grant_types: [...client.grantTypes],
    response_types: byCode ? ['code'] : [],
    redirect_uris: byCode ? [...client.redirectUris] : [],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    scope: client.scopes.filter((scope) => Object.hasOwn(OWN_SCOPES, scope)).join(' ') || undefined,
    dpop_bound_access_tokens: client.dpopBound,
    tls_client_certificate_bound_access_tokens: client.certificateBound,
    id_token_signed_response_alg: client.idTokenSigningAlgorithm,
  };
}
