import type { Client, Grant, KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { keepBefore } from '../records/record-consent.js';

/** The scopes that a client may have at a resource with the user of the request. */
export type ScopesAt = (ctx: KoaContextWithOIDC, indicator: string, client: Client) => readonly string[];

/**
 * The grant for a request, as it is saved once nothing stands in its way: it covers exactly what was asked for, the registration
 * allows and the user is entitled to.
 */
export function loadGrant(scopesAt: ScopesAt) {
  return async (ctx: KoaContextWithOIDC): Promise<Grant | undefined> => {
    const { client, provider, session, resourceServers, requestParamScopes } = ctx.oidc;
    if (!client || !session?.accountId) return undefined;
    const grantId = session.grantIdFor(client.clientId);
    const existing = grantId ? await provider.Grant.find(grantId) : undefined;
    const grant = existing ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    keepBefore(grant);
    grant.addOIDCScope(ownScopes(ctx, client).join(' '));
    for (const [indicator, server] of Object.entries(resourceServers ?? {})) {
      const possible = scopesAt(ctx, indicator, client);
      // until now it held what the client may have with anybody
      server.scope = possible.join(' ');
      const before = grant.getResourceScope(indicator).split(' ');
      const granted = possible.filter((scope) => requestParamScopes.has(scope) || before.includes(scope));
      grant.resources = { ...grant.resources, [indicator]: granted.join(' ') };
    }
    return grant;
  };
}

/**
 * Refuses a request of which nothing can be granted, before anybody has to sign in for it.
 * @throws InvalidScope RFC 6749 §4.1.2.1
 */
export function checkGrantable(ctx: KoaContextWithOIDC): void {
  const { client, resourceServers, requestParamScopes, requestParamOIDCScopes } = ctx.oidc;
  const scope = [...requestParamScopes].join(' ');
  const own = client ? ownScopes(ctx, client) : [];
  if (own.length < requestParamOIDCScopes.size) throw new errors.InvalidScope('requested scope is not allowed', scope);
  const possible = Object.values(resourceServers ?? {}).flatMap((server) => [...server.scopes]);
  if (own.length > 0 || possible.some((one) => requestParamScopes.has(one))) return;
  throw new errors.InvalidScope('none of the requested scopes can be granted', scope);
}

/** Those of the requested scopes that belong to the server itself and are registered for the client. */
function ownScopes({ oidc }: KoaContextWithOIDC, client: Client): string[] {
  const registered = client.scope?.split(' ') ?? [];
  return [...oidc.requestParamOIDCScopes].filter((scope) => registered.includes(scope));
}
