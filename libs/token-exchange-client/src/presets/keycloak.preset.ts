import { TokenType } from '@onbehalf/oauth-protocol';
import { clientCredentialsForm, exchangeForm } from './exchange-form.js';
import type { RefusalRule } from '../tokens/refusal-cause.js';
import type { Preset } from './preset.js';

/** The words of Keycloak 26.7. */
const refusals: readonly RefusalRule[] = [
  {
    error: /./,
    description: /Standard token exchange is not enabled/i,
    about: 'set-up',
    setting: 'clientAuthentication (turn on Standard token exchange for this client at Keycloak)',
  },
  {
    error: /./,
    description: /Requested audience not available/i,
    about: 'set-up',
    setting: 'audience (a client scope of this client at Keycloak must bring it along)',
  },
  {
    error: /^invalid_client$/,
    description: /^Audience not found/i,
    about: 'set-up',
    setting: 'audience (the client id of the target at Keycloak)',
  },
  {
    error: /./,
    description: /Client is not within the token audience/i,
    about: 'set-up',
    setting: "clientAuthentication (the user's token needs this client in aud: an audience mapper at Keycloak)",
  },
  {
    error: /^invalid_request$/,
    description: /supports access tokens only/i,
    about: 'set-up',
    setting: 'preset (token types)',
  },
  { error: /^invalid_scope$/, about: 'set-up', setting: 'scope (an optional client scope of this client at Keycloak)' },
  // logged out, revoked, expired, user disabled: one answer for all
  {
    error: /^(?:invalid_request|invalid_grant)$/,
    description: /^Invalid token|session|user.*disabled/i,
    about: 'subject-token',
  },
];

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
  refusals,
  unsupported: ({ subject, actor, resources }) => {
    if (resources.length > 0)
      return 'Keycloak has no resource parameter: use audience with the client id of the service';
    if (actor) return 'Keycloak does not support actor_token';
    if (subject && subject.type !== TokenType.AccessToken) return 'Keycloak exchanges access tokens only';
    return undefined;
  },
};
