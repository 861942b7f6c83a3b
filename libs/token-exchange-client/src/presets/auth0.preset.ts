import { ConfigurationError, TokenType } from '@onbehalf/oauth-protocol';
import type { TokenRequest } from '../tokens/token-request.js';
import { clientCredentialsForm, exchangeForm } from './exchange-form.js';
import type { Preset } from './preset.js';

/**
 * Auth0's on-behalf-of exchange: an access token of the calling API for one of the next API. Auth0 writes `act` by itself,
 * from the client that asks.
 */
export const auth0OnBehalfOf: Preset = {
  name: 'auth0-on-behalf-of',
  subjectTokenType: TokenType.AccessToken,
  issuedTokenType: 'required',
  form: (request) => exchangeForm({ ...request, requestedType: request.requestedType ?? TokenType.AccessToken }),
  serviceForm: clientCredentialsForm,
  unsupported: (request) =>
    request.actor ? 'Auth0 takes the actor from the client: leave actor out' : oneApi(request),
};

/** Where Auth0 lets nobody define a token type. */
const RESERVED = /^(?:https?:\/\/(?:auth0|okta)\.com(?:[/:?#]|$)|urn:(?:ietf|auth0|okta)(?::|$))/i;

/**
 * Auth0's custom token exchange: a token of a type that you define, judged by your own action in the tenant.
 * @param subjectTokenType the type's URI, as in the profile
 * @throws ConfigurationError when the URI is reserved
 */
export function auth0CustomExchange({ subjectTokenType }: { readonly subjectTokenType: string }): Preset {
  if (!URL.canParse(subjectTokenType) || RESERVED.test(subjectTokenType)) {
    throw new ConfigurationError(
      'TokenExchangeModule.preset.subjectTokenType',
      subjectTokenType,
      'a URI of your own, not of auth0, okta or ietf',
    );
  }
  return {
    name: 'auth0-custom-exchange',
    subjectTokenType,
    issuedTokenType: 'optional',
    form: exchangeForm,
    serviceForm: clientCredentialsForm,
    unsupported: oneApi,
  };
}

function oneApi({ audiences, resources }: TokenRequest): string | undefined {
  return resources.length > 0 || audiences.length !== 1
    ? 'Auth0 wants exactly one audience and no resource'
    : undefined;
}
