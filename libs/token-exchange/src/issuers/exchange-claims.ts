import {
  AGENT_CLAIM,
  formatActClaim,
  IMPERSONATION_CLAIM,
  PROFILE_CLAIM,
  type ImpersonationMark,
} from '@onbehalf/oauth-protocol';
import type { JWTPayload } from 'jose';
import { assertPermit, type Permit } from '../decision/decide.js';
import type { IssuedToken } from './issued-token.js';

/**
 * The claims that every token made by an exchange has. RFC 7519 §4.1, RFC 8693 §4, RFC 9068 §2.2.1, RFC 7800 §3.1.
 * @throws TypeError for what is no permit
 */
export function exchangeClaims(permit: Permit, issuer: string, jwtId: string): JWTPayload {
  assertPermit(permit);
  const { audiences, actors, mayAct, confirmation, subjectProfile } = permit;
  const act = formatActClaim(actors);
  const impersonation = toldMark(permit);
  return {
    iss: issuer,
    sub: permit.subject,
    ...(subjectProfile !== undefined && { [PROFILE_CLAIM]: subjectProfile }),
    aud: audiences.length === 1 ? audiences[0] : [...audiences],
    iat: permit.issuedAt,
    exp: permit.expiresAt,
    jti: jwtId,
    ...permit.authentication,
    ...(act && { act }),
    ...(impersonation && { [IMPERSONATION_CLAIM]: impersonation }),
    ...(permit.agentInvolved && { [AGENT_CLAIM]: true }),
    ...(mayAct && { may_act: mayAct.length === 1 ? mayAct[0] : mayAct }),
    ...(Object.keys(confirmation).length > 0 && { cnf: confirmation }),
  };
}

/**
 * The record of a token that was made of a permit.
 * @param made `expiresAt`: when the token ends before the permit does
 * @throws TypeError for what is no permit
 */
export function toIssuedToken(
  permit: Permit,
  made: Pick<IssuedToken, 'token' | 'jwtId' | 'tokenType' | 'scopes' | 'members'> &
    Partial<Pick<IssuedToken, 'expiresAt'>>,
): IssuedToken {
  assertPermit(permit);
  const expiresAt = Math.min(permit.expiresAt, made.expiresAt ?? Infinity);
  return {
    ...made,
    issuedTokenType: permit.requestedType,
    expiresIn: expiresAt - permit.issuedAt,
    expiresAt,
    subject: permit.subject,
    clientId: permit.clientId,
    audiences: permit.audiences,
    actors: permit.actors,
    parents: permit.parents,
    ...(permit.impersonation && { impersonation: plainMark(permit.impersonation) }),
  };
}

function toldMark({ impersonation }: Permit): ImpersonationMark | undefined {
  return impersonation?.disclosed ? plainMark(impersonation) : undefined;
}

function plainMark({ id, sub, iss }: ImpersonationMark): ImpersonationMark {
  return { id, sub, ...(iss !== undefined && { iss }) };
}
