import { randomUUID } from 'node:crypto';
import { GrantType } from '@onbehalf/oauth-protocol';
import type { ClientMetadata } from 'oidc-provider';
import type { ClientConfig } from '../../configuration/schema/server-config.schema.js';
import { OWN_SCOPES } from '../../configuration/own/own-scopes.js';

/** A registered client in the words of the provider. OpenID Connect Dynamic Client Registration §2. */
export function toClientMetadata(client: ClientConfig): ClientMetadata {
  const byCode = client.grantTypes.includes(GrantType.AuthorizationCode);
  return {
    client_id: client.clientId,
    ...credentialsOf(client),
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

// to the provider a workload is a client with a secret, which nobody has: WorkloadAssertions answers whether one is right
function credentialsOf({ secret, authentication, jwks, workload }: ClientConfig): Omit<ClientMetadata, 'client_id'> {
  if (workload) return { client_secret: randomUUID(), token_endpoint_auth_method: 'client_secret_post' };
  return { client_secret: secret, token_endpoint_auth_method: authentication, jwks };
}
