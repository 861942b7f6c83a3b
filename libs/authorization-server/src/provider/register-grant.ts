import { OAuthError } from '@onbehalf/oauth-protocol';
import { errors, type default as Provider } from 'oidc-provider';
import { rememberRefusal } from './answer-errors.js';
import type { Grant, GrantContext } from './grant.js';

/** Adds a grant to the token endpoint; its refusals become the provider's. */
export function registerGrant(provider: Provider, grant: Grant): void {
  const handler = async (ctx: GrantContext): Promise<void> => {
    try {
      await grant.handle(ctx);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      rememberRefusal(ctx, error);
      throw new errors.CustomOIDCProviderError(error.code, error.description);
    }
  };
  provider.registerGrantType(grant.grantType, handler, grant.parameters, grant.repeatable);
}
