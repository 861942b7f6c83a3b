import { formatActClaim, formatScope, OAuthError } from '@onbehalf/oauth-protocol';
import type { JWTPayload } from 'jose';
import type { Permit } from '../decision/decide.js';
import { exchangeClaims } from './exchange-claims.js';

/** What a grant for another domain says about the user. */
export interface GrantIdentity {
  /** How the subject is named there. */
  readonly subject: 'sub' | 'email';
  /** The further claims. `email` comes with `email_verified: true`. */
  readonly claims: readonly ('auth_time' | 'acr' | 'amr' | 'email')[];
}

/** Whether a grant cannot be made without an e-mail address. */
export function tellsEmail({ subject, claims }: GrantIdentity): boolean {
  return subject === 'email' || claims.includes('email');
}

/**
 * The claims of a grant that leaves this domain. Every actor comes with its issuer, so that the chain says which servers it has
 * passed. The session here, and who may act here, are not told. RFC 7523 §3, RFC 8693 §4.1
 * @param email the address of the subject
 * @throws TypeError for what is no permit
 * @throws OAuthError `invalid_target` for a subject without the address that the grant tells
 */
export function grantClaims(
  permit: Permit,
  own: { readonly issuer: string; readonly jwtId: string },
  identity: GrantIdentity,
  email?: string,
): JWTPayload {
  const told: readonly string[] = identity.claims;
  const left = ['sid', 'may_act', ...['auth_time', 'acr', 'amr'].filter((name) => !told.includes(name))];
  const claims = Object.entries(exchangeClaims(permit, own.issuer, own.jwtId)).filter(([name]) => !left.includes(name));
  if (tellsEmail(identity) && email === undefined) {
    throw new OAuthError('invalid_target', 'The subject is not known there', { reason: 'it has no e-mail address' });
  }
  return {
    ...Object.fromEntries(claims),
    act: formatActClaim(permit.actors.map((actor) => ({ iss: own.issuer, ...actor }))),
    scope: formatScope(permit.scopes),
    ...(tellsEmail(identity) && { email, email_verified: true }),
    ...(identity.subject === 'email' && { sub: email }),
  };
}
