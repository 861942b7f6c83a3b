import type { EventEmitter } from 'node:events';
import type { errors, KoaContextWithOIDC, default as Provider } from 'oidc-provider';

/** Where the reasons go that clients are not told. */
export interface ErrorLog {
  warn(message: object): void;
  error(message: object): void;
}

const REFUSALS = [
  'authorization.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
  'end_session.error',
  'pushed_authorization_request.error',
] as const;

/** Logs why the provider refused a request, and its own failures. Never a token, a secret or a parameter's value. */
export function logErrors(provider: Provider, log: ErrorLog): void {
  for (const event of REFUSALS) {
    provider.on(event as 'grant.error', (ctx, error) => {
      if (error.error !== 'unsupported_token_type') log.warn({ event, ...describe(ctx, error) });
    });
  }
  // without a listener Koa prints the stack: of requests that are cut off, too
  (provider as EventEmitter).on('error', ({ name, message }: Error) => {
    log.warn({ event: 'request_failed', errorName: name, reason: message });
  });
  provider.on('server_error', (ctx, error) => {
    log.error({ event: 'server_error', route: ctx.oidc?.route, ...failureOf(error) });
  });
}

/** What a failure is called, and what it comes from: an outage of the database stands below the refusal that it led to. */
export function failureOf(error: unknown): { readonly errorName: string; readonly reason: string } {
  const { name, message } = lastCause(error);
  return { errorName: name, reason: message };
}

function causeOf(error: Error): string | undefined {
  const cause = lastCause(error);
  return cause === error ? undefined : `${cause.name}: ${cause.message}`;
}

/** As deep as errors of this server are nested. */
const DEEPEST = 5;

function lastCause(error: unknown): Error {
  let last = error as Error;
  for (let depth = 0; depth < DEEPEST && last.cause instanceof Error; depth += 1) last = last.cause;
  return last;
}

function describe(ctx: KoaContextWithOIDC, error: errors.OIDCProviderError): object {
  return {
    clientId: ctx.oidc?.client?.clientId,
    code: error.error,
    description: error.error_description,
    reason: error.error_detail ?? (error.error === 'server_error' ? causeOf(error) : undefined),
  };
}
