import type { Selectable } from 'kysely';
import type { TokenTable } from '../database/schema.js';

/** What an issued token is made of, as far as lineage and revocation need it. Never the token itself. */
export interface TokenRecord {
  readonly jti: string;
  /** The issuer; left out for a token of this server. */
  readonly iss?: string;
  /** The token it was exchanged from. */
  readonly parentJti?: string;
  /** The issuer of that token; left out when it is this server. */
  readonly parentIss?: string;
  readonly clientId: string;
  readonly subject: string;
  /** The life of the subject that it is issued for; left out for a subject that leads none. */
  readonly subjectLife?: number;
  /** The life of the client that it is issued for. */
  readonly clientLife?: number;
  readonly sessionId?: string;
  readonly grantId?: string;
  readonly audiences: readonly string[];
  /** seconds since the epoch */
  readonly expiresAt: number;
}

/** A record as the index answers it. */
export interface IndexedToken extends TokenRecord {
  /** The first token of the lineage. */
  readonly rootJti: string;
  readonly rootIss?: string;
  /** Revoked itself, or something that it derives from. */
  readonly revoked: boolean;
}

/** One entry of the revocation feed. */
export interface RevokedToken {
  readonly iss?: string;
  readonly jti: string;
  /** seconds since the epoch; afterwards the entry can be forgotten */
  readonly expiresAt: number;
}

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
    revoked,
  };
}

function issuer<Name extends string>(name: Name, iss: string | null): { [name in Name]?: string } {
  return (iss ? { [name]: iss } : {}) as { [name in Name]?: string };
}
