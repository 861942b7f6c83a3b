import { TokenRejection, verifyJwt, type TrustedIssuer } from '@onbehalf/jwt-verification';
import type { JWTPayload } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { IssuedTokens } from './issued-tokens.js';
import { routeOf } from './provider-seam.js';

interface StructuredTokensOptions {
  readonly issuer: TrustedIssuer;
  readonly tokens: IssuedTokens;
  /** The audiences whose tokens the client may look at. */
  readonly representedBy: (clientId: string) => readonly string[];
}

/**
 * Middleware that answers introspection (RFC 7662) and revocation (RFC 7009) of this server's JWTs, which the provider
 * refuses after it has authenticated the client.
 */
export function answerForStructuredTokens({ issuer, tokens, representedBy }: StructuredTokensOptions) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    const route = routeOf(ctx);
    if (route !== 'introspection' && route !== 'revocation') return;
    if ((ctx.body as { error?: string } | undefined)?.error !== 'unsupported_token_type') return;
    const clientId = ctx.oidc.client!.clientId;
    const claims = await readOwn(String(ctx.oidc.params!['token']), issuer);
    ctx.status = 200;
    if (route === 'introspection') ctx.body = await introspect(claims, clientId);
    else ctx.body = await revoke(claims, clientId);
  };

  // RFC 7662 §2.2: whoever may not know learns nothing but "inactive"
  async function introspect(claims: JWTPayload | undefined, clientId: string): Promise<object> {
    if (!claims?.jti || !mayKnow(claims, clientId) || !(await isLive(claims.jti))) return { active: false };
    const bound = (claims['cnf'] as { jkt?: string } | undefined)?.jkt !== undefined;
    return { active: true, token_type: bound ? 'DPoP' : 'Bearer', ...claims };
  }

  // RFC 7009 §2.1: a client revokes only its own tokens; §2.2: the answer is the same either way
  async function revoke(claims: JWTPayload | undefined, clientId: string): Promise<string> {
    if (claims?.jti !== undefined && claims['client_id'] === clientId) await tokens.revoke(claims.jti);
    return '';
  }

  async function isLive(jti: string): Promise<boolean> {
    return (await tokens.find(jti)) !== undefined && !(await tokens.isRevoked(jti));
  }

  function mayKnow(claims: JWTPayload, clientId: string): boolean {
    const audiences = [claims.aud ?? []].flat();
    return claims['client_id'] === clientId || representedBy(clientId).some((audience) => audiences.includes(audience));
  }
}

async function readOwn(token: string, issuer: TrustedIssuer): Promise<JWTPayload | undefined> {
  try {
    return (await verifyJwt(token, { issuers: [issuer], types: ['at+jwt'], clockTolerance: 0 })).claims;
  } catch (error) {
    if (error instanceof TokenRejection) return undefined;
    throw error;
  }
}
