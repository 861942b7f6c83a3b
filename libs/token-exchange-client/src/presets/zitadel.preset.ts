import { TokenType } from '@onbehalf/oauth-protocol';
import { clientCredentialsForm, exchangeForm } from './exchange-form.js';
import type { Preset } from './preset.js';

/**
 * Zitadel. Its `access_token` type gives an opaque token, its `jwt` type an access token that a service can verify by itself,
 * which is therefore asked for. It refuses `resource`.
 */
export const zitadel: Preset = {
  name: 'zitadel',
  subjectTokenType: TokenType.AccessToken,
  issuedTokenType: 'required',
  form: (request) => exchangeForm({ ...request, requestedType: request.requestedType ?? TokenType.Jwt }),
  // the audience of a client's own token follows from its scopes
  serviceForm: (request) => clientCredentialsForm({ ...request, audiences: [] }),
  unsupported: ({ subject, resources }) => {
    if (resources.length > 0) return 'Zitadel refuses resource: use audience with the project or client id';
    return subject?.type === TokenType.RefreshToken ? 'Zitadel does not exchange refresh tokens' : undefined;
  },
};
