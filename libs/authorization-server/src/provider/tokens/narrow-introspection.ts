import type { KoaContextWithOIDC } from 'oidc-provider';
import type { KnownAccounts } from '../../accounts/accounts.js';
import { AUDIENCE_URN } from '../../configuration/schema/server-config.schema.js';
import { OWN_SCOPES } from '../../configuration/own/own-scopes.js';
import type { Entitlements } from '../../policy/entitlements.js';
import { routeOf } from '../seam/request-seam.js';

interface Introspection {
  readonly active: boolean;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly scope?: string;
}

/**
 * Middleware around introspection that tells what a token still holds: what its subject is not entitled to any more is left
 * out, and a token that holds nothing more is not active. RFC 7662 §2.2
 */
export function narrowIntrospection(entitlements: Entitlements, accounts: Pick<KnownAccounts, 'active' | 'refresh'>) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    const body = ctx.body as Introspection | undefined;
    if (routeOf(ctx) !== 'introspection' || !body?.active || !body.sub) return;
    if (await hasLeft(body.sub, accounts)) return void (ctx.body = { active: false });
    if (!body.scope) return;
    const scopes = body.scope.split(' ');
    const left = entitlements.left(body.sub, resourcesOf(ctx, body), scopes);
    const held = scopes.filter((scope) => Object.hasOwn(OWN_SCOPES, scope) || left.includes(scope));
    ctx.body = held.length > 0 ? { ...body, scope: held.join(' ') } : { active: false };
  };
}

/** Whether the application does not let in any more somebody whom it did. */
async function hasLeft(subject: string, accounts: Pick<KnownAccounts, 'active' | 'refresh'>): Promise<boolean> {
  if (!accounts.active(subject)) return false;
  await accounts.refresh(subject);
  return !accounts.active(subject);
}

// a refresh token has no audience, and names the resources that it is good for by their indicators
function resourcesOf({ oidc }: KoaContextWithOIDC, { aud }: Introspection): readonly string[] {
  const { resource } = oidc.entities.RefreshToken ?? {};
  return [aud ?? [], resource ?? []]
    .flat()
    .map((name) => (name.startsWith(AUDIENCE_URN) ? decodeURIComponent(name.slice(AUDIENCE_URN.length)) : name));
}
