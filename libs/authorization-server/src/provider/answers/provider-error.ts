import type { OAuthError } from '@onbehalf/oauth-protocol';
import { errors } from 'oidc-provider';

/** The error by which the provider ends a request; all that the refusal says is answered. */
export function toProviderError(refusal: OAuthError): errors.OIDCProviderError {
  const { code, description, reason } = refusal;
  return Object.assign(new errors.CustomOIDCProviderError(code, description), { cause: refusal, error_detail: reason });
}
