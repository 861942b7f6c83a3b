import { AGENT_CLAIM, AI_AGENT, isOfProfile, PROFILE_CLAIM } from '@onbehalf/oauth-protocol';
import { errors, type AccessToken, type Adapter, type ClientCredentials, type KoaContextWithOIDC } from 'oidc-provider';
import type { ServerAuditTrail } from '../../audit/audit-event.js';
import { timeOrderedId } from '../../time/time-ordered-id.js';
import type { Lives } from '../../registrations/live/lives.js';
import { keepLoginToken } from './login-tokens.js';
import { issuanceEvent } from '../records/record-grants.js';

type StructuredToken = { header?: Record<string, unknown> | undefined; payload: Record<string, unknown> };
type Claims = { sub: string; aud: string | string[]; exp: number; client_id: string; scope?: string };

/** What registrations say of the kinds of resources and clients. */
interface RegisteredKinds {
  readonly typeOf: (audience: string) => 'at+jwt' | 'jwt';
  /** What kind of party a client is, where its registration says so. */
  readonly profileOf: (clientId: string) => string | undefined;
}

/**
 * Completes the JWT access tokens that the provider makes: gives each a `jti` as exchanged tokens have it, adds how the user
 * was authenticated (RFC 9068 §2.2.1) and records it, in the index and in the trail, before it leaves.
 */
export function completeAccessToken(
  trail: Pick<ServerAuditTrail, 'recordIssued'>,
  lives: Lives,
  logins: Adapter,
  { typeOf, profileOf }: RegisteredKinds,
) {
  return async (
    ctx: KoaContextWithOIDC,
    token: AccessToken | ClientCredentials,
    jwt: StructuredToken,
  ): Promise<void> => {
    // RFC 6749 §3.3: it would open whatever asks for no scope
    if (!token.scope) throw new errors.InvalidScope('none of the requested scopes can be granted', '');
    const jti = timeOrderedId();
    const { sub: subject, aud, exp: expiresAt, client_id: clientId, scope } = jwt.payload as Claims;
    Object.assign(jwt.payload, { jti, ...authentication(ctx), ...kindOf(subject, profileOf(clientId), clientId) });
    const { grantId, sessionUid } = token as Partial<AccessToken>;
    const audiences = [aud].flat();
    if (audiences.every((audience) => typeOf(audience) === 'jwt')) jwt.header = { typ: 'JWT' };
    const ofLives = { subjectLife: lives.of('user', subject), clientLife: lives.of('client', clientId) };
    const issued = { jti, subject, clientId, ...ofLives, grantId, sessionId: sessionUid, audiences, expiresAt };
    const live = await trail.recordIssued(issuanceEvent(ctx, issued, scope), issued);
    if (!live) throw new errors.InvalidGrant('the grant was revoked');
    if ('accountId' in token) await keepLoginToken(ctx, logins, { jti, exp: expiresAt, token });
  };
}

// a client that speaks for itself is the subject; what a user lets an agent have straight from a login would be marked, too
function kindOf(subject: string, profile: string | undefined, clientId: string): Record<string, unknown> {
  return {
    ...(profile !== undefined && subject === clientId && { [PROFILE_CLAIM]: profile }),
    ...(isOfProfile(AI_AGENT, profile) && { [AGENT_CLAIM]: true }),
  };
}

function authentication(ctx: KoaContextWithOIDC): Record<string, unknown> {
  const source = ctx.oidc.entities.AuthorizationCode ?? ctx.oidc.entities.RefreshToken;
  if (!source) return {};
  const { authTime, acr, amr } = source;
  return JSON.parse(JSON.stringify({ auth_time: authTime, acr, amr })) as Record<string, unknown>;
}
