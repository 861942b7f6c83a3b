import { OAuthError, type OAuthErrorCode } from '@onbehalf/oauth-protocol';
import { errors, type KoaContextWithOIDC, type default as Provider } from 'oidc-provider';
import { NOT_STORED } from '../../protocol/answer.js';
import { retryAfterOf, UNAVAILABLE } from '../../protocol/outage.js';
import { hasCredentials, noCredentials } from '../clients/is-authenticated.js';
import { failureOf, type ErrorLog } from './log-errors.js';
import type { ProviderPages } from './provider-pages.js';
import { toProviderError } from './provider-error.js';
import { routeOf } from '../seam/request-seam.js';

const FAILED = { error: 'server_error', error_description: 'the request could not be processed' } as const;

/** Refusals of the endpoints that authenticate clients as the token endpoint does. RFC 7662 §2.1, RFC 7009 §2.1, RFC 9126 §2 */
const CLIENT_REFUSALS = ['introspection.error', 'revocation.error', 'pushed_authorization_request.error'] as const;

/** Whom {@link answerErrors} tells of failures, and how it shows them to a browser. */
export interface ErrorAnswers {
  readonly log: ErrorLog;
  readonly pages: Pick<ProviderPages, 'error'>;
}

/**
 * Writes the errors of the provider, which tells its listeners of them before the answer leaves: those of the token endpoint with
 * the codes that the RFCs ask for, and elsewhere those of clients that do not authenticate; failures as 503 with Retry-After when
 * something is out of reach for now, and always with a body that clients of OAuth understand, or a page for a browser.
 */
export function answerErrors(provider: Provider, { log, pages }: ErrorAnswers): void {
  provider.on('grant.error', (ctx, error) => write(ctx, toRefusal(ctx, error)));
  for (const event of CLIENT_REFUSALS) {
    provider.on(event as 'grant.error', (ctx, error) => {
      const refusal = lacksCredentials(ctx, error) ? noCredentials() : toRefusal(ctx, error);
      if (refusal.code === 'invalid_client') write(ctx, refusal);
    });
  }
  provider.on('server_error', (ctx, error) => write(ctx, toRefusal(ctx, error), pages.error));
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    try {
      await next();
    } catch (error) {
      log.error({ event: 'server_error', route: routeOf(ctx), ...failureOf(error) });
      write(ctx, toRefusal(ctx, error), pages.error);
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
  else if (isProviderError(error) && error.expose) provider.emit('grant.error', ctx, error);
  else provider.emit('server_error', ctx, error);
  return toRefusal(ctx, error);
}

function toRefusal(ctx: KoaContextWithOIDC, error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  if (!isProviderError(error)) {
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

// the store has its own for a code or token that was used before: it knows the provider by its adapter alone
function isProviderError(error: unknown): error is errors.OIDCProviderError {
  return error instanceof errors.OIDCProviderError || (error as { expose?: unknown }).expose === true;
}

// RFC 7662 §2.3, RFC 7009 §2.2.1: as at the token endpoint; the provider calls it invalid_request
function lacksCredentials({ req, oidc: { body } }: KoaContextWithOIDC, error: errors.OIDCProviderError): boolean {
  // the body as it was sent: of its parameters, the provider takes away those that are repeated
  return error.error === 'invalid_request' && body !== undefined && !hasCredentials(req, (name) => body[name]);
}

// RFC 6749 §5.2: an authenticated client without the grant is unauthorized_client
function isGrantForbidden({ oidc: { client, params } }: KoaContextWithOIDC, error: errors.OIDCProviderError): boolean {
  const grantType = params?.['grant_type'];
  if (error.error !== 'invalid_request' || client === undefined) return false;
  return typeof grantType === 'string' && !client.grantTypeAllowed(grantType);
}

/** RFC 6749 §5.2; with a page, a browser gets that. */
function write(ctx: KoaContextWithOIDC, refusal: OAuthError, page?: ProviderPages['error']): void {
  const retryAfter = retryAfterOf(refusal);
  const { status, body } = toAnswer(refusal, retryAfter);
  ctx.status = status;
  ctx.set(NOT_STORED);
  if (retryAfter !== undefined) ctx.set('retry-after', String(retryAfter));
  // RFC 9110 §15.5.2: a 401 says how to authenticate
  if (status === 401 && !ctx.res.hasHeader('www-authenticate')) {
    ctx.set('www-authenticate', `Basic realm="${ctx.oidc.provider.issuer}"`);
  }
  if (page && ctx.accepts('json', 'html') === 'html') page(ctx, body);
  else ctx.body = body;
}

function toAnswer({ status, code, description, parameters }: OAuthError, retryAfter: number | undefined) {
  if (code === FAILED.error && retryAfter !== undefined) return { status: 503, body: { ...UNAVAILABLE } };
  return { status, body: { error: code, error_description: description, ...parameters } };
}
