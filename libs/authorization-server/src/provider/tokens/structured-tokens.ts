import type { IssuedTokens } from '@onbehalf/authorization-ports';
import { TokenRejection, verifyJwt, type TrustedIssuer } from '@onbehalf/jwt-verification';
import type { JWTPayload } from 'jose';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { RevocationEvent, ServerAuditTrail } from '../../audit/audit-event.js';
import { claimedTrace } from '../../audit/claimed-trace.js';
import type { SampledRefusals } from '../../audit/sampled-refusals.js';
import { routeOf } from '../seam/request-seam.js';
import { recordIntrospectionRefusal } from '../records/record-endings.js';

/** How access tokens of this server are known. */
export interface OwnTokens {
  readonly issuer: TrustedIssuer;
  /** What `typ` says of access tokens for an audience. */
  readonly typeOf: (audience: string) => 'at+jwt' | 'jwt';
}

interface StructuredTokensOptions extends OwnTokens {
  readonly tokens: IssuedTokens;
  /** The audiences whose tokens the client may look at. */
  readonly representedBy: (clientId: string) => readonly string[];
  readonly trail: ServerAuditTrail;
  readonly refusals: SampledRefusals;
}

/**
 * Middleware that answers introspection (RFC 7662) and revocation (RFC 7009) of this server's JWTs, which the provider
 * refuses after it has authenticated the client.
 */
export function answerForStructuredTokens(options: StructuredTokensOptions) {
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    await next();
    const route = routeOf(ctx);
    if (route === 'introspection' || route === 'revocation') await answerJwt(ctx, route, options);
    // RFC 7009 §2.2: the status says it all, and the same of every token
    if (route !== 'revocation' || ctx.status !== 200) return;
    ctx.body = '';
    ctx.remove('content-type');
  };
}

async function answerJwt(
  ctx: KoaContextWithOIDC,
  route: 'introspection' | 'revocation',
  options: StructuredTokensOptions,
): Promise<void> {
  if ((ctx.body as { error?: string } | undefined)?.error !== 'unsupported_token_type') return;
  const clientId = ctx.oidc.client!.clientId;
  const claims = await readOwn(String(ctx.oidc.params!['token']), options);
  if (route === 'introspection') answer(ctx, 200, await introspect(ctx, claims, clientId, options));
  else if (isForeign(claims, clientId)) answer(ctx, 400, NOT_YOURS);
  else answer(ctx, 200, await revoke(claims, options));
}

// RFC 7662 §2.2: whoever may not know learns nothing but "inactive"
async function introspect(
  ctx: KoaContextWithOIDC,
  claims: JWTPayload | undefined,
  clientId: string,
  options: StructuredTokensOptions,
): Promise<object> {
  if (claims?.jti && !mayKnow(claims, clientId, options)) {
    await recordIntrospectionRefusal(ctx, options, { subject: claims.sub, tokenId: claims.jti });
    return { active: false };
  }
  if (!claims?.jti || !(await isLive(claims.jti, options))) return { active: false };
  const bound = (claims['cnf'] as { jkt?: string } | undefined)?.jkt !== undefined;
  return { active: true, token_type: bound ? 'DPoP' : 'Bearer', ...claims };
}

// RFC 7009 §2.2: the answer is the same for tokens that are not known
async function revoke(claims: JWTPayload | undefined, { tokens }: StructuredTokensOptions): Promise<string> {
  if (claims?.jti !== undefined) await tokens.revoke(claims.jti, undefined, tokenRevocation(claims));
  return '';
}

async function isLive(jti: string, { tokens }: StructuredTokensOptions): Promise<boolean> {
  const { known, revoked } = await tokens.standing(jti);
  return known && !revoked;
}

function mayKnow(claims: JWTPayload, clientId: string, { representedBy }: StructuredTokensOptions): boolean {
  const audiences = [claims.aud ?? []].flat();
  return claims['client_id'] === clientId || representedBy(clientId).some((audience) => audiences.includes(audience));
}

function tokenRevocation({ jti, sub, client_id: clientId }: JWTPayload): RevocationEvent {
  return {
    type: 'revocation',
    outcome: 'accepted',
    ...(sub !== undefined && { subject: sub }),
    clientId: String(clientId),
    ...(jti !== undefined && { revokedTokenId: jti }),
    reason: 'revoked by the client',
    ...claimedTrace(),
  };
}

// RFC 7009 §2.1: a token of another client is refused, and the client is told
const NOT_YOURS = { error: 'invalid_request', error_description: 'the token was issued to another client' };

function isForeign(claims: JWTPayload | undefined, clientId: string): boolean {
  return claims !== undefined && claims['client_id'] !== clientId;
}

function answer(ctx: KoaContextWithOIDC, status: number, body: object | string): void {
  ctx.status = status;
  ctx.body = body;
}

/** The claims of an access token of this server; `undefined` of anything else. */
export async function readOwn(token: string, { issuer, typeOf }: OwnTokens): Promise<JWTPayload | undefined> {
  try {
    const types = ['at+jwt', 'jwt'];
    const { header, claims } = await verifyJwt(token, { issuers: [issuer], types, clockTolerance: 0 });
    const plain = [claims.aud ?? []].flat().every((audience) => typeOf(audience) === 'jwt');
    // an ID token names no client_id
    return header.typ === 'at+jwt' || (plain && claims['client_id'] !== undefined) ? claims : undefined;
  } catch (error) {
    if (error instanceof TokenRejection) return undefined;
    throw error;
  }
}
