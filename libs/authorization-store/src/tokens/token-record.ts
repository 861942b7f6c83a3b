import type { IndexedToken } from '@onbehalf/authorization-ports';
import type { ImpersonationMark } from '@onbehalf/oauth-protocol';
import type { Selectable } from 'kysely';
import type { TokenTable } from '../database/schema/schema.js';

export function fromRow(row: Selectable<TokenTable>, revoked: boolean): IndexedToken {
  return {
    jti: row.jti,
    ...issuer('iss', row.iss),
    ...(row.parent_jti === null ? {} : { parentJti: row.parent_jti, ...issuer('parentIss', row.parent_iss) }),
    rootJti: row.root_jti,
    ...issuer('rootIss', row.root_iss),
    clientId: row.client_id,
    subject: row.subject,
    ...(row.subject_life === null ? {} : { subjectLife: row.subject_life }),
    ...(row.client_life === null ? {} : { clientLife: row.client_life }),
    ...(row.session_id === null ? {} : { sessionId: row.session_id }),
    ...(row.grant_id === null ? {} : { grantId: row.grant_id }),
    audiences: JSON.parse(row.audiences) as string[],
    expiresAt: row.expires_at,
    ...(row.impersonation === null ? {} : { impersonation: JSON.parse(row.impersonation) as ImpersonationMark }),
    revoked,
  };
}

function issuer<Name extends string>(name: Name, iss: string | null): { [name in Name]?: string } {
  return (iss ? { [name]: iss } : {}) as { [name in Name]?: string };
}
