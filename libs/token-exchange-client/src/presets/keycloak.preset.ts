import { TokenType } from '@onbehalf/oauth-protocol';
import { clientCredentialsForm, exchangeForm } from './exchange-form.js';
import type { Preset } from './preset.js';

/**
 * Keycloak's standard token exchange (26.2 and later). The subject token must be called an access token, `jwt` is refused;
 * `audience` filters the audiences that the client's scopes bring along; there is no `resource` and no actor.
 */
export const keycloak: Preset = {
  name: 'keycloak',
  subjectTokenType: TokenType.AccessToken,
  issuedTokenType: 'required',
  form: (request) => exchangeForm({ ...request, requestedType: request.requestedType ?? TokenType.AccessToken }),
  // the audiences of a client's own token follow from its scopes
  serviceForm: (request) => clientCredentialsForm({ ...request, audiences: [] }),
  unsupported: ({ subject, actor, resources }) => {
    if (resources.length > 0)
      return 'Keycloak has no resource parameter: use audience with the client id of the service';
    if (actor) return 'Keycloak does not support actor_token';
    if (subject && subject.type !== TokenType.AccessToken) return 'Keycloak exchanges access tokens only';
    return undefined;
  },
};
