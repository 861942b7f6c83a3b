import { OAuthError } from '@onbehalf/oauth-protocol';
import type { IssuedToken, TokenIssuer } from '@onbehalf/token-exchange';
import type { IssuedTokenRecord, IssuedTokens } from '../provider/issued-tokens.js';

/** Records every token that `issuer` makes in the index, with its parent, before the token can leave. */
export function recorded(issuer: TokenIssuer, tokens: IssuedTokens): TokenIssuer {
  return {
    types: issuer.types,
    issue: async (permit) => {
      const issued = await issuer.issue(permit);
      if (await tokens.record(toRecord(issued))) return issued;
      throw new OAuthError('invalid_request', 'subject_token is not acceptable', { reason: 'revoked meanwhile' });
    },
  };
}

// lineage follows the subject token: it is the one whose authority is passed on
function toRecord({
  jwtId,
  parents: [parent],
  clientId,
  subject,
  audiences,
  expiresAt,
}: IssuedToken): IssuedTokenRecord {
  const lineage = parent && { parentJti: parent.jwtId, parentIss: parent.issuer };
  return { jti: jwtId, ...lineage, clientId, subject, audiences, expiresAt };
}
