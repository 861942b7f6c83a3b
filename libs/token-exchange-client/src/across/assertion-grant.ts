import { formatScope, GrantType, TokenType } from '@onbehalf/oauth-protocol';
import { clientCredentialsForm } from '../presets/exchange-form.js';
import type { Preset } from '../presets/preset.js';

/** How the authorization server of another domain is asked: with the grant as the assertion. RFC 7523 §2.1, RFC 8707 §2 */
export const assertionGrant: Preset = {
  name: 'assertion-grant',
  subjectTokenType: TokenType.Jwt,
  // RFC 6749 §5.1: not the answer of an exchange
  issuedTokenType: 'absent',
  form: ({ subject, resources, scopes }) => {
    const form = new URLSearchParams({ grant_type: GrantType.JwtBearer });
    if (subject) form.set('assertion', subject.token);
    for (const resource of resources) form.append('resource', resource);
    if (scopes.length > 0) form.set('scope', formatScope(scopes));
    return form;
  },
  serviceForm: clientCredentialsForm,
  // a grant that was made a moment ago is refused for what the other domain knows of the user, or does not
  refusals: [{ error: /^invalid_grant$/, about: 'access' }],
};
