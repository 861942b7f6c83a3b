import { TokenType } from '@onbehalf/oauth-protocol';
import { clientCredentialsForm, exchangeForm } from './exchange-form.js';
import type { Preset } from './preset.js';

/**
 * Okta's on-behalf-of exchange at a custom authorization server, whose issuer ends in `/oauth2/{id}`. Scope is mandatory, the
 * audience is the target server's; the issued token has no `act`.
 */
export const okta: Preset = {
  name: 'okta',
  subjectTokenType: TokenType.AccessToken,
  issuedTokenType: 'required',
  form: exchangeForm,
  // the audience of a client's own token is the server's
  serviceForm: (request) => clientCredentialsForm({ ...request, audiences: [] }),
  unsupported: ({ subject, actor, audiences, resources, scopes }) => {
    if (scopes.length === 0) return 'Okta wants a scope';
    if (scopes.includes('openid') || scopes.includes('offline_access')) return 'Okta exchanges for API scopes only';
    if (resources.length > 0) return 'Okta has no resource parameter: use audience';
    if (subject && audiences.length !== 1) return 'Okta wants exactly one audience';
    return actor ? 'Okta does not support actor_token in this exchange' : undefined;
  },
};
