import { TokenType } from '@onbehalf/oauth-protocol';
import { clientCredentialsForm, exchangeForm } from './exchange-form.js';
import type { Preset } from './preset.js';

/** RFC 8693 to the letter: Onbehalf's own server, and any other that follows it. */
export const onbehalf: Preset = {
  name: 'onbehalf',
  subjectTokenType: TokenType.AccessToken,
  issuedTokenType: 'required',
  form: exchangeForm,
  serviceForm: clientCredentialsForm,
  tellsScope: true,
};
