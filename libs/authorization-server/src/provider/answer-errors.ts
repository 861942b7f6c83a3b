import { OAuthError } from '@onbehalf/oauth-protocol';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { AnyContext } from './afterwards.js';
import { routeOf } from './provider-seam.js';

interface ErrorBody {
  error: string;
  error_description?: string;
  [parameter: string]: unknown;
}

/** Middleware around the provider that gives the errors of the token endpoint the codes that the RFCs ask for. */
export async function answerErrors(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next();
  if (routeOf(ctx) !== 'token' || ctx.status < 400) return;
  const body = ctx.body as ErrorBody;
  const refusal: unknown = ctx.state['refusal'];
  if (refusal instanceof OAuthError) return answer(ctx, refusal);
  if (body.error === 'server_error') body.error_description = 'the request could not be processed';
  if (body.error !== 'invalid_request') return;
  if (isUnauthenticated(ctx)) answer(ctx, new OAuthError('invalid_client', 'client authentication is required'));
  else if (isGrantForbidden(ctx))
    answer(ctx, new OAuthError('unauthorized_client', 'the client may not use this grant type'));
}

/** The error by which the provider ends a request; {@link answerErrors} then answers with all that the refusal says. */
export function toProviderError(ctx: AnyContext | undefined, refusal: OAuthError): Error {
  if (ctx) ctx.state['refusal'] = refusal;
  return new errors.CustomOIDCProviderError(refusal.code, refusal.description);
}

function answer(ctx: KoaContextWithOIDC, { status, code, description, parameters }: OAuthError): void {
  ctx.status = status;
  ctx.type = 'json';
  ctx.body = { error: code, error_description: description, ...parameters } satisfies ErrorBody;
}

// RFC 6749 §5.2: "no client authentication included" is invalid_client
function isUnauthenticated(ctx: KoaContextWithOIDC): boolean {
  const { client_id, client_secret, client_assertion } = (ctx.oidc.params ?? {}) as Record<string, unknown>;
  return (
    !ctx.get('authorization') && !client_id && !client_secret && !client_assertion && ctx.oidc.params !== undefined
  );
}

// RFC 6749 §5.2: an authenticated client without the grant is unauthorized_client
function isGrantForbidden(ctx: KoaContextWithOIDC): boolean {
  const grantType = ctx.oidc.params?.['grant_type'];
  return ctx.oidc.client !== undefined && typeof grantType === 'string' && !ctx.oidc.client.grantTypeAllowed(grantType);
}
