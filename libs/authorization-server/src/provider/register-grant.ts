import { OAuthError } from '@onbehalf/oauth-protocol';
import type { default as Provider } from 'oidc-provider';
import { toProviderError } from './answer-errors.js';
import type { Grant, GrantContext } from './grant.js';

/** Adds a grant to the token endpoint; its refusals become the provider's. */
export function registerGrant(provider: Provider, grant: Grant): void {
  const handler = async (ctx: GrantContext): Promise<void> => {
    try {
      await grant.handle(ctx);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      throw toProviderError(ctx, error);
    }
  };
  provider.registerGrantType(grant.grantType, handler, grant.parameters, grant.repeatable);
}
