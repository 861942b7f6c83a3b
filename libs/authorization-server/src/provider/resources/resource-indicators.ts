import { GrantType } from '@onbehalf/oauth-protocol';
import { errors, type Client, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import type { Account, KnownAccounts } from '../../accounts/accounts.js';
import { grantedResource } from '../tokens/granted-scopes.js';
import type { ResourceServers } from './resource-servers.js';

type ResourceIndicators = NonNullable<NonNullable<Configuration['features']>['resourceIndicators']>;

/** The user that a request is for; `undefined` while nobody has signed in, and for a client that asks as itself. */
export function userOf({ oidc }: KoaContextWithOIDC, accounts: KnownAccounts): Account | undefined {
  return oidc.account && accounts.find(oidc.account.accountId);
}

/** How the provider finds out which resource a token is for, and what it may hold there. RFC 8707 */
export function toResourceIndicators(servers: ResourceServers, accounts: KnownAccounts): ResourceIndicators {
  const granted = (ctx: KoaContextWithOIDC, resource: string | readonly string[] | undefined): string | undefined => {
    const { AuthorizationCode, RefreshToken } = ctx.oidc.entities;
    const scopes = (AuthorizationCode ?? RefreshToken)?.scopes ?? new Set<string>();
    const client = ctx.oidc.client!;
    return grantedResource(ctx, { resource, scopes }, (indicator) =>
      servers.scopesAt(indicator, client, userOf(ctx, accounts)),
    );
  };
  return {
    enabled: true,
    defaultResource: (ctx, client, oneOf) => {
      if (!oneOf) return defaultResource(ctx, client, servers);
      // one token is for one resource: who names several has to choose, which the provider tells
      return oneOf === ctx.oidc.params?.['resource'] ? oneOf : (granted(ctx, oneOf) ?? oneOf[0]!);
    },
    getResourceServerInfo: (ctx, indicator, client) => {
      const info = servers.info(indicator, client, userOf(ctx, accounts));
      // RFC 6749 §3.3: a client that names no scope asks as itself for all that it is registered for
      if (asksAsItself(ctx)) ctx.oidc.params!['scope'] ??= info.scope || undefined;
      return info;
    },
    // a token for a resource of whose scopes nothing is left is one for the user's claims alone
    useGrantedResource: (ctx, { resource }) => granted(ctx, resource) !== undefined,
  };
}

function defaultResource(ctx: KoaContextWithOIDC, client: Client, servers: ResourceServers): string | string[] {
  const resource = servers.defaultFor(client);
  // RFC 8707 §2: invalid_target also where the resource is missing
  if (resource === undefined && asksAsItself(ctx)) throw new errors.InvalidTarget('a resource is required');
  return resource ?? [];
}

function asksAsItself({ oidc }: KoaContextWithOIDC): boolean {
  return oidc.params?.['grant_type'] === GrantType.ClientCredentials;
}
