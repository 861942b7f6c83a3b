import type { Grant, KoaContextWithOIDC } from 'oidc-provider';

/**
 * The grant for a request: clients are registered by the operator, who consents for the users, so that the grant covers
 * exactly what was asked for and the registration allows.
 */
export async function loadGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, provider, session, requestParamOIDCScopes, resourceServers, requestParamScopes } = ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const grantId = session.grantIdFor(client.clientId);
  const existing = grantId ? await provider.Grant.find(grantId) : undefined;
  const grant = existing ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope([...requestParamOIDCScopes].join(' '));
  for (const [indicator, { scopes }] of Object.entries(resourceServers ?? {})) {
    grant.addResourceScope(indicator, [...requestParamScopes].filter((scope) => scopes.has(scope)).join(' '));
  }
  await grant.save();
  return grant;
}
