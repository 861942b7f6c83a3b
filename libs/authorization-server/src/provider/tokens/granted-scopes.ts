import type { KoaContextWithOIDC } from 'oidc-provider';
import { routeOf } from '../seam/request-seam.js';

/** A code or a refresh token: what was granted at login, and for which resources. */
export interface GrantSource {
  readonly scopes: ReadonlySet<string>;
  readonly resource?: string | readonly string[] | undefined;
}

/** The scopes of a request at the token endpoint: those it names, or those of the code or refresh token. RFC 6749 §6 */
function scopesOf({ oidc }: KoaContextWithOIDC, source: GrantSource): ReadonlySet<string> {
  return oidc.params?.['scope'] === undefined ? source.scopes : oidc.requestParamScopes;
}

/**
 * The resource that an access token is for when the request names none: the first of those granted at login of whose scopes
 * something is left.
 * @param scopesAt what client and user may have at a resource now
 */
export function grantedResource(
  ctx: KoaContextWithOIDC,
  source: GrantSource,
  scopesAt: (indicator: string) => readonly string[],
): string | undefined {
  const wanted = scopesOf(ctx, source);
  const { Grant: grant } = ctx.oidc.entities;
  return [source.resource ?? []].flat().find((indicator) => {
    const possible = scopesAt(indicator).filter((scope) => wanted.has(scope));
    return grant?.getResourceScopeFiltered(indicator, possible);
  });
}

/** Those of the scopes that a login or a refresh grants which belong to the server itself. */
export function grantedOwnScopes(ctx: KoaContextWithOIDC): readonly string[] {
  const { Grant: grant, AuthorizationCode: code, RefreshToken: refresh } = ctx.oidc.entities;
  const source = code ?? refresh;
  if (!grant || !source) return [];
  return grant
    .getOIDCScopeFiltered(new Set(scopesOf(ctx, source)))
    .split(' ')
    .filter(Boolean);
}

/**
 * Middleware that completes the answer of the token endpoint to a login or a refresh with all that was granted: the scopes of
 * OpenID Connect, too, which the access token for a resource does not hold. RFC 6749 §5.1
 */
export async function answerGrantedScopes(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  if (routeOf(ctx) !== 'token' || ctx.status !== 200) return;
  const { AccessToken: token, Grant: grant, AuthorizationCode: code, RefreshToken: refresh } = ctx.oidc.entities;
  if (!token || !grant || !(code ?? refresh)) return;
  const granted = new Set([...grantedOwnScopes(ctx), ...(token.scope ?? '').split(' ')].filter(Boolean));
  Object.assign(ctx.body as object, { scope: [...granted].join(' ') });
}
