import { OAuthError, type OAuthErrorCode } from '@onbehalf/oauth-protocol';
import { errors, type KoaContextWithOIDC, type default as Provider } from 'oidc-provider';
import { NOT_STORED } from '../protocol/answer.js';
import { retryAfterOf, UNAVAILABLE } from '../protocol/outage.js';
import { renderErrorPage } from '../pages/provider-pages.js';
import type { ErrorLog } from './log-errors.js';
import { routeOf } from './provider-seam.js';

const FAILED = { error: 'server_error', error_description: 'the request could not be processed' } as const;

/**
 * Writes the errors of the provider, which tells its listeners of them before the answer leaves: those of the token endpoint with
 * the codes that the RFCs ask for; failures as 503 with Retry-After when something is out of reach for now, and always with a
 * body that clients of OAuth understand, or a page for a browser.
 */
export function answerErrors(provider: Provider, log: ErrorLog): void {
  provider.on('grant.error', (ctx, error) => writeRefusal(ctx, toRefusal(ctx, error)));
  provider.on('server_error', (ctx, error) => writeFailure(ctx, error));
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    try {
      await next();
    } catch (error) {
      const { name, message } = error as Error;
      log.error({ event: 'server_error', route: routeOf(ctx), name, reason: message });
      writeFailure(ctx, error);
    }
  });
}

/**
 * Refuses a request at the token endpoint as the provider does: its listeners are told, and one of them writes the answer.
 * @returns the refusal that the error amounts to
 */
export function refuse(ctx: KoaContextWithOIDC, error: unknown): OAuthError {
  const { provider } = ctx.oidc;
  if (error instanceof OAuthError) provider.emit('grant.error', ctx, toProviderError(error));
  else if (error instanceof errors.OIDCProviderError && error.expose) provider.emit('grant.error', ctx, error);
  else provider.emit('server_error', ctx, error);
  return toRefusal(ctx, error);
}

/** The error by which the provider ends a request; all that the refusal says is answered. */
export function toProviderError(refusal: OAuthError): errors.OIDCProviderError {
  const { code, description, reason } = refusal;
  return Object.assign(new errors.CustomOIDCProviderError(code, description), { cause: refusal, error_detail: reason });
}

function toRefusal(ctx: KoaContextWithOIDC, error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (!(error instanceof errors.OIDCProviderError)) {
    return new OAuthError(FAILED.error, FAILED.error_description, { cause: error });
  }
  if (error.cause instanceof OAuthError) return error.cause;
  if (isGrantForbidden(ctx, error)) {
    return new OAuthError('unauthorized_client', 'the client may not use this grant type');
  }
  const { error_description: description = error.message, error_detail: reason } = error;
  const { scope } = error as { scope?: string };
  const parameters = scope === undefined ? undefined : { scope };
  return new OAuthError(error.error as OAuthErrorCode, description, { reason, parameters, cause: error });
}

// RFC 6749 §5.2: an authenticated client without the grant is unauthorized_client
function isGrantForbidden({ oidc: { client, params } }: KoaContextWithOIDC, error: errors.OIDCProviderError): boolean {
  const grantType = params?.['grant_type'];
  if (error.error !== 'invalid_request' || client === undefined) return false;
  return typeof grantType === 'string' && !client.grantTypeAllowed(grantType);
}

/** RFC 6749 §5.2 */
function writeRefusal(ctx: KoaContextWithOIDC, refusal: OAuthError): void {
  const { status, code, description, parameters } = refusal;
  if (status >= 500 && code === FAILED.error && retryAfterOf(refusal) !== undefined) return writeFailure(ctx, refusal);
  ctx.status = status;
  ctx.body = { error: code, error_description: description, ...parameters };
  writeRetryAfter(ctx, refusal);
  // RFC 9110 §15.5.2: a 401 says how to authenticate
  if (status === 401 && !ctx.res.hasHeader('www-authenticate')) {
    ctx.set('www-authenticate', `Basic realm="${ctx.oidc.provider.issuer}"`);
  }
}

function writeFailure(ctx: KoaContextWithOIDC, error: unknown): void {
  if (error instanceof OAuthError && error.code !== FAILED.error) return writeRefusal(ctx, error);
  const [status, body] = retryAfterOf(error) === undefined ? ([500, FAILED] as const) : ([503, UNAVAILABLE] as const);
  ctx.status = status;
  ctx.set(NOT_STORED);
  writeRetryAfter(ctx, error);
  if (ctx.accepts('json', 'html') === 'html') renderErrorPage(ctx, body);
  else ctx.body = { ...body };
}

function writeRetryAfter(ctx: KoaContextWithOIDC, error: unknown): void {
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== undefined) ctx.set('retry-after', String(retryAfter));
}
