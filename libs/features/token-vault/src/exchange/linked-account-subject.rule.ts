import { TokenType } from '@onbehalf/oauth-protocol';
import { deny, type Rule } from '@onbehalf/token-exchange';

/** Users of this server link accounts: no client, and nobody of another domain, has any. */
export const linkedAccountSubjectRule: Rule = {
  name: 'linked-account-subject',
  judge({ request, subjectState }) {
    if (request.requestedType !== TokenType.ConnectedAccount || subjectState.account) return undefined;
    return deny('invalid_request', 'The subject has no accounts to be linked', {
      reason: 'it is no user of this server',
    });
  },
};
