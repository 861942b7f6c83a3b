import { TokenType } from '@onbehalf/oauth-protocol';
import { clientCredentialsForm, exchangeForm } from './exchange-form.js';
import type { Preset } from './preset.js';

/**
 * Spring Authorization Server. Its clients name the subject token a JWT and state what they want; it reads `audience` and
 * `resource` but never acts on them, so that asking for one would promise what the token does not hold.
 */
export const springAuthorizationServer: Preset = {
  name: 'spring-authorization-server',
  subjectTokenType: TokenType.Jwt,
  issuedTokenType: 'required',
  form: (request) => exchangeForm({ ...request, requestedType: request.requestedType ?? TokenType.AccessToken }),
  serviceForm: clientCredentialsForm,
  unsupported: ({ subject, audiences, resources }) =>
    subject && audiences.length + resources.length > 0
      ? 'Spring Authorization Server ignores audience and resource: leave them out'
      : undefined,
};
