import { sql, type Kysely, type RawBuilder } from 'kysely';
import { nextNumber } from './counters.js';
import type { RevocationKind, Schema } from './database/schema.js';

/** A token by issuer and `jti`; the issuer is '' for this server. */
export interface TokenKey {
  readonly iss: string;
  readonly jti: string;
}

/** The columns by which tokens are revoked together. */
const COLUMNS = { grant: 'grant_id', session: 'session_id', subject: 'subject', client: 'client_id' } as const;

/** The key of a token's mark. An issuer is a URL and has no space. */
export function tokenMark({ iss, jti }: TokenKey): string {
  return `${iss} ${jti}`;
}

/**
 * Walks from a token up to the root and tells whether anything on the way is revoked: a token, its grant, its session,
 * or its subject or client after it was recorded.
 */
export async function isRevokedInLineage(database: Kysely<Schema>, { iss, jti }: TokenKey): Promise<boolean> {
  const { rows } = await sql`
    with recursive lineage (iss, jti) as (
      select cast(${iss} as text), cast(${jti} as text)
      union
      select t.parent_iss, t.parent_jti
        from tokens t join lineage l on t.iss = l.iss and t.jti = l.jti
        where t.parent_jti is not null
    ),
    known as (select t.* from lineage l join tokens t on t.iss = l.iss and t.jti = l.jti),
    wanted (kind, key, since) as (
      select 'token', iss || ' ' || jti, 0 from lineage
      union all select 'grant', grant_id, 0 from known where grant_id is not null
      union all select 'session', session_id, 0 from known where session_id is not null
      union all select 'subject', subject, recorded_at from known
      union all select 'client', client_id, recorded_at from known
    )
    select 1 from known where revoked_at is not null
    union all
    select 1 from wanted w join revocation_marks m on m.kind = w.kind and m.key = w.key and m.marked_at >= w.since
    limit 1`.execute(database);
  return rows.length > 0;
}

/**
 * Marks the named tokens and everything that was exchanged from them as revoked, in one transaction.
 * @param now seconds since the epoch
 * @returns how many tokens were revoked by this call
 */
export async function revokeLineage(
  database: Kysely<Schema>,
  kind: RevocationKind,
  key: TokenKey | string,
  now: number,
): Promise<number> {
  return database.transaction().execute(async (transaction) => {
    // the lock on this row orders revocations, so that a reader of the feed never sees a later one before an earlier one
    const revocation = await nextNumber(transaction, 'revocation');
    const { rows } = await sql`
      with recursive lineage (iss, jti) as (
        ${named(kind, key)}
        union
        select t.iss, t.jti from tokens t join lineage l on t.parent_iss = l.iss and t.parent_jti = l.jti
      )
      update tokens set revoked_at = ${now}, revocation = ${revocation}
      where revoked_at is null and (iss, jti) in (select iss, jti from lineage)
      returning 1`.execute(transaction);
    return rows.length;
  });
}

function named(kind: RevocationKind, key: TokenKey | string): RawBuilder<unknown> {
  if (typeof key !== 'string') return sql`select cast(${key.iss} as text), cast(${key.jti} as text)`;
  if (kind === 'token') throw new TypeError('A token is named by issuer and jti');
  return sql`select iss, jti from tokens where ${sql.ref(COLUMNS[kind])} = ${key}`;
}
