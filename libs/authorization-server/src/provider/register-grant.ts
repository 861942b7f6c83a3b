import { OAuthError } from '@onbehalf/oauth-protocol';
import type { default as Provider } from 'oidc-provider';
import { toProviderError } from './answer-errors.js';
import type { Grant, GrantContext } from './grant.js';

/** Adds a grant to the token endpoint; its refusals become the provider's. */
export function registerGrant(provider: Provider, grant: Grant): void {
  const handler = async (ctx: GrantContext): Promise<void> => {
    ctx.body = await handleGrant(grant, ctx, toForm(ctx.oidc.params, grant));
  };
  provider.registerGrantType(grant.grantType, handler, grant.parameters, grant.repeatable);
}

/** Has the grant answer. */
export async function handleGrant(grant: Grant, ctx: GrantContext, form: URLSearchParams): Promise<object> {
  try {
    return await grant.handle(ctx, form);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    throw toProviderError(ctx, error);
  }
}

function toForm(params: GrantContext['oidc']['params'], { parameters }: Grant): URLSearchParams {
  const form = new URLSearchParams();
  for (const name of ['grant_type', ...parameters]) {
    for (const value of [params[name] ?? []].flat()) form.append(name, String(value));
  }
  return form;
}
