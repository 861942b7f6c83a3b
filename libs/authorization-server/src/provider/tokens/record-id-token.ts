import type { IssuedTokens } from '@onbehalf/authorization-ports';
import { systemClock } from '@onbehalf/oauth-protocol';
import { errors } from 'oidc-provider';
import { timeOrderedId } from '../../time/time-ordered-id.js';
import type { Lives } from '../../registrations/live/lives.js';
import type { IdToken } from '../seam/provider-seam.js';

/**
 * Gives an ID token a `jti` and records it before it leaves, beside the access token of the same answer: what is exchanged
 * for it ends with the grant and the session, at logout above all.
 * @param lifetime of ID tokens, in seconds
 */
export function recordIdToken(tokens: IssuedTokens, lives: Lives, lifetime: number) {
  return async (token: IdToken): Promise<void> => {
    const { accountId, clientId, grantId, sessionUid } = token.ctx.oidc.entities.AccessToken ?? {};
    // only the token endpoint issues ID tokens here, with an access token each
    if (accountId === undefined || clientId === undefined) throw new TypeError('an ID token without an access token');
    const jti = timeOrderedId();
    const live = await tokens.record({
      jti,
      subject: accountId,
      subjectLife: lives.of('user', accountId),
      clientId,
      clientLife: lives.of('client', clientId),
      grantId,
      sessionId: sessionUid,
      audiences: [clientId],
      expiresAt: systemClock() + lifetime,
    });
    if (!live) throw new errors.InvalidGrant('the grant was revoked');
    token.set('jti', jti);
    // OpenID Connect Core §2: the party to which the ID token was issued
    token.set('azp', clientId);
  };
}
